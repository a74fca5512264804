"""What was put down: what rests in the scene, whether it is a thing, whose it is, and what became of it."""
