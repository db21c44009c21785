"""Finding out what is wrong with an installation, and collecting what a report needs."""
