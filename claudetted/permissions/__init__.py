"""Owns the permission engine: what a call may do, by level and by rule. Pure."""
