"""For how long a decision stands, what else it settles, and levels that change in mid-turn."""

import trio

from tests.daemon.calls import asked_once, bash, recorded, tool
from tests.daemon.client import Json, Refused
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.world import Chat, Daemon, Home

EVERY_SCOPE = ["once", "turn", "chat", "workspace", "user"]


async def decided(chat: Chat, prompt: str, decision: str, scope: str = "once") -> Json:
    """A turn whose one request is decided."""
    turn, asked = await asked_once(chat, prompt)
    await chat.decide(asked, decision, scope=scope)
    return await chat.ended(turn)


async def still_asks(chat: Chat, command: str = "touch later") -> bool:
    """Whether a command asks; it does not run then."""
    known = len(chat.events("permission/opened"))
    turn = await chat.send(bash(command))
    await chat.client.until(
        lambda: (
            len(chat.events("permission/opened")) > known
            or any(event["turn"]["id"] == turn for event in chat.events("turn/ended"))
        )
    )
    asks = len(chat.events("permission/opened")) > known
    if asks:
        await chat.call("turn/stop")
    await chat.ended(turn)
    return asks


# Scopes


async def test_what_is_offered_says_what_it_would_allow(chat: Chat) -> None:
    turn, asked = await asked_once(chat, bash("touch one"))
    assert asked["scopes"] == EVERY_SCOPE
    assert [rule["text"] for rule in asked["suggested"]] == ["allow bash command touch"]
    await chat.decide(asked, "deny")
    await chat.ended(turn)


async def test_once_is_once(chat: Chat) -> None:
    await decided(chat, bash("touch one"), "allow")
    assert await still_asks(chat, "touch one")
    rules = (await chat.client.call("rule/list"))["rules"]
    assert {rule["by"] for rule in rules} == {"built-in"}


async def test_for_a_turn(chat: Chat, home: Home) -> None:
    again = f"{bash('touch one')} @then {bash('rm one; true')} @then {bash('touch one')}"
    turn, asked = await asked_once(chat, again)
    await chat.decide(asked, "allow", scope="turn")
    second = await chat.event("permission/opened", lambda event: event["permission"] != asked)
    await chat.decide(second["permission"], "allow")
    await chat.ended(turn)
    assert (home.work / "one").exists()
    assert len(chat.events("permission/opened")) == 2
    assert await still_asks(chat, "touch one")


async def test_for_a_turn_that_outlives_the_daemon(daemon: Daemon, chat: Chat) -> None:
    turn, asked = await asked_once(chat, f"{bash('touch one')} @then {bash('touch one')}")
    await chat.decide(asked, "allow", scope="turn")
    await daemon.restart()
    again = Chat(await daemon.client(), chat.made)
    assert (await again.ended(turn))["reason"] == "done"
    assert len(await recorded(again.client)) == 2
    await again.call("event/subscribe")
    assert await still_asks(again, "touch one")


async def test_for_a_chat(new_chat: NewChat) -> None:
    mine, other = await new_chat(), await new_chat()
    await decided(mine, bash("touch one"), "allow", "chat")
    assert not await still_asks(mine, "touch one")
    assert await still_asks(other, "touch one")


async def test_for_a_workspace(new_chat: NewChat, home: Home) -> None:
    elsewhere = home.root / "elsewhere"
    elsewhere.mkdir()
    mine, same = await new_chat(), await new_chat()
    other = await new_chat(cwd=str(elsewhere))
    await decided(mine, bash("touch one"), "allow", "workspace")
    assert not await still_asks(same, "touch one")
    assert await still_asks(other, "touch one")


async def test_for_good(daemon: Daemon, new_chat: NewChat, home: Home) -> None:
    elsewhere = home.root / "elsewhere"
    elsewhere.mkdir()
    mine = await new_chat()
    other = await new_chat(cwd=str(elsewhere))
    await decided(mine, bash("touch one"), "allow", "user")
    assert not await still_asks(other, "touch one")
    await daemon.restart()
    again = Chat(await daemon.client(), other.made)
    await again.call("event/subscribe")
    assert not await still_asks(again, "touch one")


async def test_a_scope_widens_to_nothing_else(chat: Chat) -> None:
    await decided(chat, bash("touch one"), "allow", "chat")
    for command in ("touch ../one", "touch one; rm -rf x", "touch one > two", "X=1 touch one"):
        assert await still_asks(chat, command), command


async def test_the_rule_that_is_left_says_whose_it_is(chat: Chat) -> None:
    await chat.client.call("daemon/hello", name="me", kind="test")
    turn, asked = await asked_once(chat, bash("touch one"))
    resolution = (await chat.decide(asked, "allow", scope="chat"))["resolution"]
    await chat.ended(turn)
    rules = (await chat.client.call("rule/list"))["rules"]
    (rule,) = [rule for rule in rules if rule["by"] != "built-in"]
    assert rule["id"] == resolution["ruleId"]
    assert (rule["scope"], rule["subject"]) == ("chat", chat.id)
    assert rule["by"].startswith("me/test")
    (decision,) = await recorded(chat.client)
    assert (decision["scope"], decision["rule"]) == ("chat", rule["text"])


async def test_a_denial_can_stand_for_a_while_too(chat: Chat) -> None:
    await decided(chat, bash("touch one"), "deny", "chat")
    await chat.turn(f"{bash('touch one')} @then @echo-history")
    assert "The rule says: deny bash command touch" in (await chat.texts())[-1]
    assert len(chat.events("permission/opened")) == 1


async def test_a_scope_that_was_not_offered_is_refused(chat: Chat) -> None:
    turn, asked = await asked_once(chat, bash("eval $X"))
    assert asked["scopes"] == ["once"]
    refused = await chat.client.refused(
        "permission/decide", permissionId=asked["id"], decision="allow", scope="chat"
    )
    assert (refused.name, refused.data["path"]) == ("InvalidParams", "$.scope")
    assert [one["id"] for one in await chat.asked()] == [asked["id"]]
    await chat.decide(asked, "deny")
    await chat.ended(turn)


# What waits beside it


async def test_latent_L15_parallel_calls_ask_at_once_in_every_client(
    daemon: Daemon, chat: Chat
) -> None:
    other = Chat(await daemon.client(), chat.made)
    await other.call("event/subscribe")
    turn = await chat.send(" ".join(bash(f"touch {name}") for name in ("one", "two", "three")))
    for seen in (chat, other):
        asked = await seen.asked(3)
        commands = {permission["request"]["command"] for permission in asked}
        assert commands == {"touch one", "touch two", "touch three"}
    late = Chat(await daemon.client(), chat.made)
    assert len((await late.snapshot())["permissions"]) == 3
    for number, permission in enumerate(asked):
        await (chat, other, late)[number].decide(permission, "allow")
    assert (await chat.ended(turn))["reason"] == "done"


async def test_a_decision_for_longer_settles_what_waits_and_is_covered(
    chat: Chat, home: Home
) -> None:
    turn = await chat.send(" ".join(map(bash, ("mkdir a", "mkdir a", "rm -r a"))))
    asked = await chat.asked(3)
    first = next(one for one in asked if one["request"]["command"] == "mkdir a")
    resolution = (await chat.decide(first, "allow", scope="chat"))["resolution"]
    resolved = await chat.event(
        "permission/resolved", lambda event: event["permissionId"] != first["id"]
    )
    assert resolved["resolution"]["by"] == "daemon"
    assert resolved["resolution"]["outcome"] == "allow"
    assert resolved["resolution"]["ruleId"] == resolution["ruleId"]
    (left,) = await chat.asked()
    assert left["request"]["command"] == "rm -r a"
    await chat.decide(left, "deny")
    await chat.ended(turn)
    assert (home.work / "a").is_dir()


async def test_a_lasting_denial_denies_what_waits(chat: Chat, home: Home) -> None:
    turn = await chat.send(" ".join(map(bash, ("touch one", "touch one"))))
    first, _second = await chat.asked(2)
    await chat.decide(first, "deny", scope="turn")
    assert (await chat.ended(turn))["reason"] == "done"
    assert [one["outcome"] for one in await recorded(chat.client)] == ["deny", "deny"]
    assert not (home.work / "one").exists()


async def test_a_decision_for_good_settles_what_waits_in_other_chats(
    new_chat: NewChat, home: Home
) -> None:
    elsewhere = home.root / "elsewhere"
    elsewhere.mkdir()
    mine, same = await new_chat(), await new_chat()
    other = await new_chat(cwd=str(elsewhere))
    turns = [(chat, *await asked_once(chat, bash("mkdir a"))) for chat in (mine, same, other)]
    await mine.decide(turns[0][2], "allow", scope="workspace")
    assert (await same.ended(turns[1][1]))["reason"] == "done"
    (left,) = (await mine.client.call("permission/list"))["permissions"]
    assert left["id"] == turns[2][2]["id"]
    await other.decide(left, "deny", scope="user")
    assert (await other.ended(turns[2][1]))["reason"] == "done"


# Who decides


async def test_of_a_hundred_clients_one_decides(daemon: Daemon, chat: Chat, home: Home) -> None:
    turn, asked = await asked_once(chat, bash("echo ran >> log"))
    clients = [await daemon.client() for _ in range(100)]
    for number, client in enumerate(clients):
        await client.call("daemon/hello", name=f"client-{number}", kind="test")
    won: list[int] = []
    lost: list[Refused] = []

    async def decide(number: int) -> None:
        decision = "allow" if number % 2 else "deny"
        params = {"permissionId": asked["id"], "decision": decision}
        try:
            await clients[number].call("permission/decide", **params)
            won.append(number)
        except Refused as refused:
            lost.append(refused)

    async with trio.open_nursery() as nursery:
        for number in range(100):
            nursery.start_soon(decide, number)
    await chat.ended(turn)
    (winner,) = won
    outcome = "allow" if winner % 2 else "deny"
    assert {refused.name for refused in lost} == {"PermissionGone"}
    assert {refused.data["decision"] for refused in lost} == {outcome}
    (by,) = {refused.data["by"] for refused in lost}
    assert by.startswith(f"client-{winner}/test")
    assert len(chat.events("permission/resolved")) == 1
    log = home.work / "log"
    assert (log.read_text() if log.exists() else "") == ("ran\n" if outcome == "allow" else "")


async def test_a_decision_about_other_arguments_changes_nothing(chat: Chat) -> None:
    turn, asked = await asked_once(chat, bash("touch one"))
    params = {"permissionId": asked["id"], "decision": "allow", "scope": "user"}
    refused = await chat.client.refused("permission/decide", **params, digest="another")
    assert (refused.name, refused.data["digest"]) == ("DigestMismatch", asked["request"]["digest"])
    assert [one["id"] for one in await chat.asked()] == [asked["id"]]
    rules = (await chat.client.call("rule/list"))["rules"]
    assert {rule["by"] for rule in rules} == {"built-in"}
    await chat.client.call("permission/decide", **params, digest=asked["request"]["digest"])
    assert (await chat.ended(turn))["reason"] == "done"


async def test_the_reason_of_a_denial_reaches_the_model(chat: Chat) -> None:
    turn, asked = await asked_once(chat, f"{bash('touch one')} @then @echo-history")
    await chat.decide(asked, "deny", reason="Use “make” — not touch.")
    await chat.ended(turn)
    assert "Use “make” — not touch." in (await chat.texts())[-1]
    (resolved,) = chat.events("permission/resolved")
    assert resolved["resolution"]["reason"] == "Use “make” — not touch."


# Levels


async def plays_a_call(puppet: Puppet, name: str, access: str, **about: object) -> None:
    """The sidecar asks about a call whatever the level is."""
    request = {"tool": name, "access": access, "digest": f"digest of {name}", **about}
    await puppet.says("item.open", item=f"i-{name}", kind="tool", tool={"name": name})
    await puppet.says("ask", ask=f"a-{name}", item=f"i-{name}", request=request)


async def test_full_asks_nothing_and_readonly_refuses_from_the_next_call_on(
    puppets: Puppets, chat: Chat, home: Home
) -> None:
    turn = await chat.send("work")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await plays_a_call(puppet, "first", "run", command="make", cwd=str(home.work))
    (asked,) = await chat.asked()

    for level, allowed in (("full", True), ("readonly", False)):
        number = await chat.client.post("chat/configure", chatId=chat.id, level=level)
        await puppet.answers(await puppet.hears("configure"), {"sessionPath": "", "model": "m"})
        await chat.client.result_of(number)
        await plays_a_call(puppet, level, "run", command="make", cwd=str(home.work))
        assert (await puppet.hears("decide"))["allow"] is allowed
    await plays_a_call(puppet, "unknown-tool", "unknown")
    assert (await puppet.hears("decide"))["allow"] is False
    await plays_a_call(puppet, "reader", "read", paths=[str(home.work / "a")])
    assert (await puppet.hears("decide"))["allow"] is True
    await plays_a_call(puppet, "outside", "read", paths=["/etc/hostname"])
    assert (await puppet.hears("decide"))["allow"] is False

    assert [one["id"] for one in await chat.asked()] == [asked["id"]]
    await chat.decide(asked, "deny")
    await puppet.hears("decide")
    await puppet.ends_turn(turn)
    assert (await chat.ended(turn))["reason"] == "done"


async def test_bug_48_a_level_changes_in_mid_turn_without_a_new_process(
    chat: Chat, home: Home
) -> None:
    rounds = " @then ".join(map(bash, ("touch one", "touch two", "touch three")))
    turn, asked = await asked_once(chat, f"{rounds} @then @text done")
    sidecar = (await chat.snapshot())["sidecar"]
    assert (await chat.call("chat/configure", level="full"))["chat"]["level"] == "full"
    await chat.decide(asked, "allow")
    assert (await chat.ended(turn))["reason"] == "done"
    assert (await chat.snapshot())["sidecar"] == sidecar
    assert len(chat.events("permission/opened")) == 1
    assert sorted(path.name for path in home.work.iterdir()) == ["one", "three", "two"]


async def test_bug_66_a_level_outlives_the_daemon(daemon: Daemon, chat: Chat) -> None:
    await chat.call("chat/configure", level="readonly")
    await daemon.restart()
    again = Chat(await daemon.client(), chat.made)
    assert (await again.get())["level"] == "readonly"
    await again.turn(f"{tool('write', path='a', content='x')} @then {tool('ls')}")
    assert [(one["tool"], one["outcome"]) for one in await recorded(again.client)] == [
        ("ls", "allow")
    ]


async def test_readonly_lets_no_rule_write(new_chat: NewChat, puppets: Puppets, home: Home) -> None:
    chat = await new_chat(level="readonly")
    await chat.call("rule/add", text="allow *", scope="chat")
    turn = await chat.send("work")
    puppet = await puppets.next()
    start = await puppet.starts()
    assert start["level"] == "readonly"
    await puppet.takes_prompt()
    await plays_a_call(puppet, "write", "write", paths=[str(home.work / "a")])
    decide = await puppet.hears("decide")
    assert decide["allow"] is False
    assert "readonly" in decide["reason"]
    await puppet.ends_turn(turn)
    await chat.ended(turn)
