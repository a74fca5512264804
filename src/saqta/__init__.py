"""Saqta: an open operations centre for public safety."""
