"""Runs the `claudette` command as `python -m claudette_cli`."""

from claudette_cli.main import program

program()
