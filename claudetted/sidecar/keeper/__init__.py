"""Owns every sidecar's process and pipes while it lives, whoever the daemon is meanwhile.

A program of its own, run by path: `python -I -S claudetted/sidecar/keeper SOCKET`. It relays
bytes and never looks into them; it knows no protocol, no configuration and no disk, and needs
the standard library alone. Read `frames`, `child`, `processes`, `loop`, `keeper`, in this order.
"""
