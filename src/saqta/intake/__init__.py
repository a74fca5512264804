"""What arrives other than through cameras; so far the registers that an operator imports."""
