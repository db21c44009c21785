"""Watching all chats at once: the table, what keeps it up to date, and the screen."""
