"""Owns the kinds of agent: for each what to launch, and how its lines translate."""
