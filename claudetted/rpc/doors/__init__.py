"""Doors: how a client reaches the daemon, and who it is."""
