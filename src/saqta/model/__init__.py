"""The nouns that every part shares; imports nothing else of Saqta."""
