"""Codex, OpenAI's agent, driven through `codex app-server`."""

ID = "codex"
SEARCH = "websearch"
"""What rules call its search in the web."""
TESTED = "0.171"
"""The versions of its program that were tested."""
