"""Owns agents that speak the Agent Client Protocol: how one is launched, and its translation."""
