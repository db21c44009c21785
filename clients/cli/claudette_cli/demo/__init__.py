"""The demonstration: a real agent, a scripted model, and a daemon that is killed."""
