"""Exchange rates as national banks publish them; a reader is one file here and one line in ``saqta.registry``."""
