"""Scenes of things left behind in public places, each of a seed, with their full truth."""
