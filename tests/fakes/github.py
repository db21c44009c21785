"""Owns a server that plays GitHub's device flow and what Copilot needs after it."""

import ssl
from typing import Any

from tests.fakes.stand_in import StandIn

CODE = "ABCD-1234"


class GitHub(StandIn):
    """Each poll for the token is answered with the next of `polls`; the last one stays."""

    def __init__(self, *polls: str, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.polls = list(polls)

    def answer(self, host: str, path: str, sent: dict[str, Any]) -> Any:
        if path == "/login/device/code":
            urls = {"verification_uri": f"https://{host}/login/device", "user_code": CODE}
            return {"device_code": "d", **urls, "interval": 1, "expires_in": 900}
        if path == "/login/oauth/access_token":
            poll = self.polls.pop(0) if len(self.polls) > 1 else self.polls[0]
            if poll == "granted":
                return {"access_token": "gho_granted", "token_type": "bearer", "scope": ""}
            return {"error": poll, "interval": 1}
        if path == "/copilot_internal/v2/token":
            return {"token": f"tid=1;proxy-ep=proxy.{host}", "expires_at": 4_000_000_000}
        return {"data": []}
