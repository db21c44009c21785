"""Runs the daemon: `python -m claudetted`."""

from claudetted.daemon.main import main

main()
