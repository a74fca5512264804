"""Covering who and what moves, so that nobody is recognised: frame by frame, or a whole recording seen twice."""
