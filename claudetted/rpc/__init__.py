"""Doors, dispatch, and one thin handler a method."""
