"""The `claudette` command: a thin client of the daemon."""
