"""The client library: find the daemon, start it, connect, call, follow a chat, fold its events."""
