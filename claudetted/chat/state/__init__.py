"""What a chat is: the fold of its events, and what it folds. Pure."""
