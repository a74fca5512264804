"""The command line's families, one file each: what a command reads, what it does, what it says."""
