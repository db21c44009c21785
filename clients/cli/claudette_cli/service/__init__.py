"""The service that keeps the daemon running: systemd's user manager, or launchd."""
