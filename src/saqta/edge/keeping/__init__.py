"""What is kept of what was seen: covered clips and stills, sealed originals, and for how long."""
