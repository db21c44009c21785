"""Owns what Codex can do, whatever its model. Apart, because the adapter loads it late."""

from claudetted.protocol.harnesses import Capabilities

CAPABILITIES = Capabilities(images=True, commands=False, sign_in=False, sealed="call")
