"""claudetted: a daemon, one per user, that keeps coding agents alive."""

__version__ = "0.1.0"
