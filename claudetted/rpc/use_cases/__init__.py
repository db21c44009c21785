"""What a method and a slash command both do: each is here once, and both ask for it here."""
