"""The bridge for editors: the Agent Client Protocol on stdio, the daemon behind it."""
