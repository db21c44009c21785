"""The process: its lock, its log, its nursery tree, and the command that runs it."""
