"""Runs the `claudette` command as `python -m claudette_cli`."""

import sys

from claudette_cli.main import main

sys.exit(main())
