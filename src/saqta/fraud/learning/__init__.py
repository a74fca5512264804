"""Learning from payments whose labels are known, saying how well, and how far payments have moved since."""
