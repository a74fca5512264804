"""What a simulated camera sees, painted frame by frame, and the truth about it."""
