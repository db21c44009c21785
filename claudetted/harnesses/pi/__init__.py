"""Owns the harness of the Pi SDK, which speaks our own lines."""
