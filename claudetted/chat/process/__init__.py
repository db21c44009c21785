"""The agent's process behind a chat: started, read, fed and ended."""
