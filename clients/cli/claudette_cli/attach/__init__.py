"""Sitting in a chat: the interactive screen, and what a pipe gets instead."""
