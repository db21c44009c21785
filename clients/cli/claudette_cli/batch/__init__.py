"""Running many prompts over workspaces: the file, the chats that run at once, and the record."""
