"""Owns attention: which chats need a person."""

from claudetted.protocol.base import ChatId, Data, Params
from claudetted.protocol.chats import Chat


class ListResult(Data, frozen=True):
    """The chats that need a person, the longest waiting first."""

    chats: list[Chat] = []


class ClearParams(Params, frozen=True):
    """A person has seen what there was to see. An open permission keeps asking."""

    chat_id: ChatId
