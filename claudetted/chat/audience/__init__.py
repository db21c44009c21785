"""Who follows a chat: what is published, encoded once, and to whom it goes."""
