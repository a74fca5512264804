"""What a picture shows: its exposure, the empty scene behind it, and the regions that differ."""
