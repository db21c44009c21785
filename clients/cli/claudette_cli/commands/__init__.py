"""The commands, one noun a module. Each module lists its verbs: how to declare and run them."""
