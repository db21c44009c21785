"""Owns how a sidecar is told of a server that its agent does not know by itself."""

from claudetted.protocol.signing import Record


class Endpoint(Record, frozen=True):
    """One model of a server that speaks OpenAI's chat completions.

    The agent knows it as `provider/model`, a provider of its own that nothing else uses. `key`
    names the private key among the credentials; without one the server wants none.
    """

    provider: str
    name: str
    base_url: str
    model: str
    key: str = ""
    context_window: int | None = None
    images: bool | None = None
    """Whether the model takes images; null when the server does not say."""
