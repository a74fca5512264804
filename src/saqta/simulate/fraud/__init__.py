"""Calls and payments of simulated people, honest ones and fraudsters, with their truth."""
