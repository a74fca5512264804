"""Subscribers by how they telephone over days: what no single call shows."""
