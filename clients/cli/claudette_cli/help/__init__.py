"""Explaining what is no single command: the topics, and how they are shown."""
