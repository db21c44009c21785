"""Owns the list of methods and notifications: the only place with wire names.

Each row: name, parameters, result, what it does, the right it needs, declared faults, and whether
it may take its time (`waits`: the connection goes on reading meanwhile; other methods are answered
in the order they came).
"""

from claudetted.protocol import (
    events,
    registry_chats,
    registry_permissions,
    registry_providers,
    registry_remote,
    usage,
)
from claudetted.protocol.method import Method, Notification

METHODS: tuple[Method, ...] = (
    *registry_chats.METHODS,
    *registry_permissions.METHODS,
    *registry_providers.METHODS,
    *registry_remote.METHODS,
)

NOTIFICATIONS: tuple[Notification, ...] = (
    Notification("event", events.EventParams),
    Notification("delta", events.DeltaParams),
    Notification("feed", events.FeedParams),
    Notification("balance", usage.BalanceParams),
    Notification("lagging", events.LaggingParams),
)

BY_NAME: dict[str, Method] = {method.name: method for method in METHODS}
"""Every method may also answer with the JSON-RPC errors, InvalidParams, BadText, NotAllowed and
Internal."""
