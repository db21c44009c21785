"""Codex, OpenAI's agent, driven through `codex app-server`."""

ID = "codex"
TESTED = "0.171"
"""The versions of its program that were tested."""
