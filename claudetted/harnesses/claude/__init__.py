"""Owns Claude Code as an agent: how it is found and started, and what its lines mean."""
