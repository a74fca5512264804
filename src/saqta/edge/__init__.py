"""The camera node: stream → frames → tracks → alerts, and evidence in which nobody can be recognised."""
