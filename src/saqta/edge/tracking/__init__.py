"""Who moves: tracks through time, what kind they are of, where they went, and what they crossed."""
