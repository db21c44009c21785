"""Sign-ins: what a person is asked, by whichever client, and how they end."""

import json

import pytest
import trio

from tests.daemon.client import Client, Json
from tests.daemon.control_sidecar import KEYED, Agent, begun, fault
from tests.daemon.local_models import update
from tests.daemon.puppet import Puppets
from tests.daemon.world import Daemon, Home
from tests.fakes.local_server import LocalServer

PROVIDER = {"provider": "openai"}


async def started(client: Client, puppets: Puppets) -> tuple[str, Agent, Json]:
    """A sign-in that runs: its id, the sidecar, and what that was asked."""
    number, agent = await begun(client, puppets, "login/start", **PROVIDER)
    agent.row = {**KEYED, "ways": ["oauth"]}
    await agent.answers("providers")
    login = (await client.result_of(number))["login"]
    return login["id"], agent, await agent.puppet.hears("login.start")


async def asks(client: Client, agent: Agent, login: str) -> Json:
    await agent.puppet.says("login.event", login=login, kind="prompt", message="Which domain?")
    return dict((await client.call("login/wait", loginId=login, after=0))["login"])


async def test_another_client_goes_on_with_a_sign_in(
    daemon: Daemon, client: Client, puppets: Puppets
) -> None:
    login, agent, begin = await started(client, puppets)
    assert (await asks(client, agent, login))["asks"] == "text"
    await client.close()
    other = await daemon.client()
    assert (await other.call("login/list"))["logins"][0]["message"] == "Which domain?"
    number = await other.post("login/answer", loginId=login, value="")
    answer = await agent.puppet.hears("login.answer")
    assert answer["value"] == ""
    await agent.puppet.answers(answer)
    await other.result_of(number)
    await agent.puppet.says("login.event", login=login, kind="device", url="https://x", code="AB")
    told = (await other.call("login/wait", loginId=login, after=2))["login"]
    assert (told["url"], told["code"]) == ("https://x", "AB")
    await agent.puppet.answers(begin)
    await agent.answers("models")
    ended = (await other.call("login/wait", loginId=login, after=told["step"]))["login"]
    assert ended["state"] == "done"


async def test_a_question_stays_until_it_is_withdrawn(client: Client, puppets: Puppets) -> None:
    login, agent, begin = await started(client, puppets)
    asked = await asks(client, agent, login)
    await agent.puppet.says("login.event", login=login, kind="progress", message="Listening.")
    told = (await client.call("login/wait", loginId=login, after=asked["step"]))["login"]
    assert (told["asks"], told["message"]) == ("text", "Which domain?")
    await agent.puppet.says("login.event", login=login, kind="withdrawn")
    told = (await client.call("login/wait", loginId=login, after=told["step"]))["login"]
    assert "asks" not in told
    late = await client.refused("login/answer", loginId=login, value="x")
    assert late.name == "InvalidParams"
    await agent.puppet.answers(begin)


async def test_bug_33_each_step_has_the_names_of_the_protocol(
    client: Client, puppets: Puppets
) -> None:
    login, agent, begin = await started(client, puppets)
    known = {"id": login, "provider": "openai"}
    question = {"message": "Domain?", "placeholder": "git.example"}
    choice = {"message": "Which?", "options": [{"id": "a", "label": "A"}]}
    page = {"url": "https://x.example", "code": "AB-CD"}
    steps: list[tuple[Json, Json]] = [
        ({"kind": "prompt", **question}, {"asks": "text", **question}),
        ({"kind": "withdrawn"}, {}),
        ({"kind": "select", **choice}, {"asks": "choice", **choice}),
        ({"kind": "withdrawn"}, {}),
        ({"kind": "device", **page}, page),
        ({"kind": "progress", "message": "Enabling."}, {**page, "message": "Enabling."}),
    ]
    for step, (line, told) in enumerate(steps, 1):
        await agent.puppet.says("login.event", login=login, **line)
        result = await client.call("login/wait", loginId=login, after=step - 1)
        assert result["login"] == {**known, "step": step, **told}
    await agent.puppet.answers(begin)


async def test_the_daemon_stops_in_order_while_models_are_looked_up(
    daemon: Daemon, client: Client, puppets: Puppets
) -> None:
    with LocalServer() as slow:
        slow.answers["/api/tags"] = slow.held
        await update(client, "ollama", url=slow.root)
        _, agent, begin = await started(client, puppets)
        await agent.puppet.answers(begin)
        await agent.puppet.hears("models")
        await trio.to_thread.run_sync(slow.wait_held, "answer")
        await daemon.stop()
        slow.release("answer")
        await daemon.start()


async def test_bug_34_the_first_step_is_not_missed(client: Client, puppets: Puppets) -> None:
    login, agent, begin = await started(client, puppets)
    event = {"type": "login.event", "login": login, "kind": "prompt", "message": "Which domain?"}
    hurried = {"type": "reply", "id": begin["id"], "error": {"name": "HarnessFailed"}}
    hurried["error"] |= {"message": "Gone.", "data": {}}
    lines = b"".join(json.dumps(line).encode() + b"\n" for line in (event, hurried))
    await agent.puppet.writes(lines)
    told = (await client.call("login/wait", loginId=login, after=0))["login"]
    while told.get("state", "running") == "running":
        told = (await client.call("login/wait", loginId=login, after=told["step"]))["login"]
    assert (told["step"], told["message"]) == (2, "Gone.")


async def test_a_cancelled_sign_in_is_over(client: Client, puppets: Puppets) -> None:
    login, agent, begin = await started(client, puppets)
    number = await client.post("login/cancel", loginId=login)
    await agent.puppet.answers(await agent.puppet.hears("login.cancel"))
    await agent.puppet.refuses(begin, "HarnessFailed", "The sign-in was cancelled.")
    told = (await client.result_of(number))["login"]
    assert (told["state"], told["message"]) == ("failed", "The sign-in was cancelled.")


async def test_a_sign_in_ends_with_its_process(client: Client, puppets: Puppets) -> None:
    login, agent, _ = await started(client, puppets)
    await agent.puppet.closes()
    told = (await client.call("login/wait", loginId=login, after=0))["login"]
    assert told["state"] == "failed"


async def test_login_start_ProviderUnknown(client: Client, puppets: Puppets) -> None:
    number, agent = await begun(client, puppets, "login/start", provider="opnai")
    await agent.answers("providers")
    assert (await fault(client, number))["data"]["name"] == "ProviderUnknown"


async def test_login_start_HarnessFailed(client: Client, puppets: Puppets) -> None:
    number, agent = await begun(client, puppets, "login/start", **PROVIDER)
    await agent.puppet.hears("providers")
    await agent.puppet.closes()
    assert (await fault(client, number))["data"]["name"] == "HarnessFailed"


async def test_login_start_HarnessMissing(
    client: Client, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDETTE_PI_HARNESS", str(home.root / "nothing"))
    assert (await client.refused("login/start", **PROVIDER)).name == "HarnessMissing"


async def test_login_wait_LoginNotFound(daemon: Daemon, client: Client, puppets: Puppets) -> None:
    login, _, _ = await started(client, puppets)
    await daemon.restart()
    refused = await (await daemon.client()).refused("login/wait", loginId=login)
    assert refused.name == "LoginNotFound"
    assert "ended with its daemon" in refused.message


async def test_login_answer_LoginNotFound(client: Client) -> None:
    refused = await client.refused("login/answer", loginId="x", value="")
    assert refused.name == "LoginNotFound"


async def test_login_cancel_LoginNotFound(client: Client) -> None:
    assert (await client.refused("login/cancel", loginId="x")).name == "LoginNotFound"


async def test_login_answer_HarnessFailed(client: Client, puppets: Puppets) -> None:
    login, agent, _ = await started(client, puppets)
    await asks(client, agent, login)
    number = await client.post("login/answer", loginId=login, value="x")
    await agent.puppet.hears("login.answer")
    await agent.puppet.closes()
    assert (await fault(client, number))["data"]["name"] == "HarnessFailed"


async def test_login_cancel_HarnessFailed(client: Client, puppets: Puppets) -> None:
    login, agent, _ = await started(client, puppets)
    number = await client.post("login/cancel", loginId=login)
    await agent.puppet.hears("login.cancel")
    await agent.puppet.closes()
    assert (await fault(client, number))["data"]["name"] == "HarnessFailed"
