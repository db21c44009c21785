"""What a person sees: figures, items, cards, markdown."""
