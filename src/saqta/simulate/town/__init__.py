"""The plan of a simulated city: its river, its streets, its houses, and the ways through it."""
