"""The one pass that decides: what it knows, what it reads, and the rules and trees by which it judges."""
