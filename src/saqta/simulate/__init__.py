"""A city with known ground truth: its map, its streets, what its cameras see, its units and its desk.

The pipeline sees the streams and the events alone; the truth is kept apart.
"""
