"""What tells that a camera does not see: one file each, listed in ``saqta.registry``."""
