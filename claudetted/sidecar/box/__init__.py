"""Confines a command by the kernel: bubblewrap, Landlock, or sandbox-exec on a Mac."""
