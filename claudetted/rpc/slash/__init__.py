"""Slash commands: read from a message, found in a table, carried out once, told to everybody."""
