"""Owns the reading of shell commands: what would run, with which words, in which order. Pure."""
