"""Watching a turn: how it is shown, and the cards that it opens."""
