"""Calls and payments decided while they happen: features, rules, model and reasons in one pass."""
