"""Owns a server that plays where one signs in to OpenAI, xAI, OpenRouter and Meta."""

import base64
import json
from collections.abc import Callable
from typing import Any

from tests.fakes.stand_in import Refuse, StandIn

CODE = "WXYZ-9876"
DIRECT = "chatgpt.tokens.use.direct"
Told = dict[str, Any]


def _jwt() -> str:
    claims = {"https://api.openai.com/auth": {"chatgpt_account_id": "account"}}
    payload = base64.b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"header.{payload}.signature"


def _device(host: str, path: str = "/activate") -> Told:
    page = f"https://{host}{path}"
    urls = {"verification_uri": page, "verification_uri_complete": f"{page}?code={CODE}"}
    return {"device_code": "d", "user_code": CODE, **urls, "interval": 1, "expires_in": 900}


GRANTED: Told = {
    "access_token": _jwt(),
    "refresh_token": "refresh",
    "id_token": "id",
    "expires_in": 3600,
    "scope": f"openid {DIRECT}",
}


class Accounts(StandIn):
    """Grants everything, unless the test has put a refusal at a host and path."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals: dict[str, Refuse] = {}
        self._answers: dict[str, Callable[[], Told]] = {
            "auth.openai.com/api/accounts/oauth/token": lambda: GRANTED,
            "auth.openai.com/oauth/token": lambda: GRANTED,
            "auth.openai.com/api/accounts/deviceauth/usercode": lambda: {
                "device_auth_id": "d",
                "user_code": CODE,
                "interval": "0",
            },
            "auth.openai.com/api/accounts/deviceauth/token": lambda: {
                "authorization_code": "code",
                "code_verifier": "verifier",
            },
            "auth.x.ai/oauth2/device/code": lambda: _device("accounts.x.ai"),
            "auth.x.ai/oauth2/token": lambda: GRANTED,
            "openrouter.ai/api/v1/auth/keys": lambda: {"key": "sk-or-granted"},
            "auth.meta.com/oidc/device/authorization/": lambda: _device("meta.com"),
            "auth.meta.com/oidc/device/token/": lambda: GRANTED,
            "api.meta.ai/muse-code/key": lambda: {"api_key": "meta-key"},
        }

    def answer(self, host: str, path: str, sent: dict[str, Any]) -> Any:
        if refusal := self.refusals.get(f"{host}{path}"):
            raise refusal
        found = self._answers.get(f"{host}{path}")
        return found() if found else {"data": []}
