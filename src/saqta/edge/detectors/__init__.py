"""Detectors: each looks at one analysed frame after the other and tells what happens; one file, one registry line."""
