"""Owns the sidecars' processes: what to launch, who keeps them alive, and the link to them."""
