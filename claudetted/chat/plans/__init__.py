"""What a request or a line of the sidecar does to a chat: pure functions on a step."""
