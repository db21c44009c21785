"""Completing command lines in a shell: the scripts, the words, and what the daemon knows."""
