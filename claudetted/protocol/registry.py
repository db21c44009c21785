"""Owns the list of methods and notifications: the only place with wire names.

Each row: name, parameters, result, declared faults, whether it may take its time (`waits`: the
connection goes on reading meanwhile; other methods are answered in the order they came), and
whether it only watches.
"""

from claudetted.protocol import events, registry_chats, registry_providers, usage
from claudetted.protocol.method import Method, Notification

METHODS: tuple[Method, ...] = (*registry_chats.METHODS, *registry_providers.METHODS)

NOTIFICATIONS: tuple[Notification, ...] = (
    Notification("event", events.EventParams),
    Notification("delta", events.DeltaParams),
    Notification("feed", events.FeedParams),
    Notification("balance", usage.BalanceParams),
    Notification("lagging", events.LaggingParams),
)

BY_NAME: dict[str, Method] = {method.name: method for method in METHODS}
"""Every method may also answer with the JSON-RPC errors, InvalidParams, BadText and Internal."""
