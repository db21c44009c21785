"""The truth about each chat: its state, its one task, its clients."""
