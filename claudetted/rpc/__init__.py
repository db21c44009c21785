"""Doors and desks: connections, dispatch, and one thin handler a method."""
