"""Owns sign-ins: what a person is asked to do, and how it ended."""

from typing import Literal

from claudetted.protocol.base import Data, Params
from claudetted.protocol.sidecar import LoginOption


class Login(Data, frozen=True):
    """A sign-in as it is now. `step` grows with every change.

    `asks` is a text or a choice that is wanted now; `url` a page to open, `code` what to enter
    there; `message` says what is going on, or why it failed.
    """

    id: str
    provider: str
    state: Literal["running", "done", "failed"] = "running"
    step: int = 0
    asks: Literal["", "text", "choice"] = ""
    message: str = ""
    placeholder: str = ""
    options: list[LoginOption] = []
    url: str = ""
    code: str = ""


class StartParams(Params, frozen=True):
    """`env` has the proxies and certificates of the client's shell, as in `turn/send`."""

    provider: str
    env: dict[str, str] = {}


class WaitParams(Params, frozen=True):
    """Answered when the sign-in is past this step."""

    login_id: str
    after: int = -1


class AnswerParams(Params, frozen=True):
    """For the text or the choice that is wanted; may be empty."""

    login_id: str
    value: str


class CancelParams(Params, frozen=True):
    login_id: str


class LoginResult(Data, frozen=True):
    login: Login


class ListResult(Data, frozen=True):
    """Those that run, and those that ended lately."""

    logins: list[Login] = []
