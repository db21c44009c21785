"""Rules: added from text, listed, in force at once, revoked; the built-in ones hold always."""

from pathlib import Path

import pytest

from tests.daemon.calls import asked_once, bash, recorded, tool
from tests.daemon.client import Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.world import Chat, Daemon, Home, full_disk

STATUS = "allow bash command git status"


async def stored(client: Client) -> list[str]:
    """The rules a person made, as text."""
    rules = (await client.call("rule/list"))["rules"]
    return [rule["text"] for rule in rules if rule["by"] != "built-in"]


async def add(chat: Chat, text: str, scope: str = "user") -> Json:
    return dict((await chat.call("rule/add", text=text, scope=scope))["rule"])


# rule/add


async def test_a_rule_is_made_from_its_text(client: Client) -> None:
    await client.call("daemon/hello", name="me", kind="test")
    rule = (await client.call("rule/add", text="allow  bash command 'git' status"))["rule"]
    assert rule["text"] == STATUS
    assert (rule["effect"], rule["tool"], rule["match"]) == ("allow", "bash", "command")
    assert (rule.get("scope", "user"), rule["pattern"]) == ("user", "git status")
    assert rule["by"].startswith("me/test")
    assert rule["at"]
    assert rule in (await client.call("rule/list"))["rules"]


async def test_a_rule_speaks_from_the_next_call_on(chat: Chat) -> None:
    turn, first = await asked_once(
        chat, f"{bash('touch one')} @then {bash('touch two')} @then @text done"
    )
    await add(chat, "allow bash command touch")
    assert [asked["id"] for asked in await chat.asked()] == [first["id"]]
    await chat.decide(first, "allow")
    assert (await chat.ended(turn))["reason"] == "done"
    assert len(chat.events("permission/opened")) == 1


async def test_a_rule_speaks_for_its_chat_alone(new_chat: NewChat) -> None:
    mine, other = await new_chat(), await new_chat()
    await add(mine, "allow bash command touch", "chat")
    assert (await mine.turn(bash("touch one")))["reason"] == "done"
    turn, asked = await asked_once(other, bash("touch two"))
    await other.decide(asked, "deny")
    await other.ended(turn)
    assert not mine.events("permission/opened")


async def test_a_rule_speaks_for_every_chat_of_its_workspace(home: Home, new_chat: NewChat) -> None:
    elsewhere = home.root / "elsewhere"
    elsewhere.mkdir()
    (home.root / "link").symlink_to(home.work)
    first, other = await new_chat(), await new_chat(cwd=str(elsewhere))
    await first.client.call(
        "rule/add",
        text="allow bash command touch",
        scope="workspace",
        workspace=str(home.root / "link"),
    )
    assert (await first.turn(bash("touch one")))["reason"] == "done"
    turn, asked = await asked_once(other, bash("touch two"))
    await other.decide(asked, "deny")
    await other.ended(turn)


async def test_a_rule_of_a_turn_ends_with_it(chat: Chat) -> None:
    turn, asked = await asked_once(chat, f"{bash('touch one')} @then {bash('touch two')}")
    await add(chat, "allow bash command touch", "turn")
    await chat.decide(asked, "allow")
    await chat.ended(turn)
    assert await stored(chat.client) == []
    turn, asked = await asked_once(chat, bash("touch three"))
    await chat.decide(asked, "deny")
    await chat.ended(turn)


@pytest.mark.parametrize("scope", ["turn", "chat", "workspace"])
async def test_a_scope_needs_what_it_is_about(client: Client, scope: str) -> None:
    refused = await client.refused("rule/add", text=STATUS, scope=scope)
    assert (refused.name, refused.data["path"]) == ("InvalidParams", "$.chatId")
    assert await stored(client) == []


async def test_a_rule_for_a_turn_needs_one_that_runs(chat: Chat) -> None:
    refused = await chat.refused("rule/add", text=STATUS, scope="turn")
    assert (refused.name, refused.data["path"]) == ("InvalidParams", "$.scope")


async def test_rule_add_ChatNotFound(client: Client) -> None:
    refused = await client.refused("rule/add", text=STATUS, scope="chat", chatId="nobody")
    assert refused.name == "ChatNotFound"
    assert await stored(client) == []


@pytest.mark.parametrize(
    "text", ["permit bash", "allow", "allow bash git", "deny * path 'half", "allow @all"]
)
async def test_rule_add_RuleInvalid(client: Client, text: str) -> None:
    refused = await client.refused("rule/add", text=text)
    assert (refused.name, refused.data["text"]) == ("RuleInvalid", text)
    assert await stored(client) == []


async def test_rule_add_StoreFull(client: Client) -> None:
    with full_disk():
        refused = await client.refused("rule/add", text=STATUS)
    assert refused.name == "StoreFull"
    assert await stored(client) == []


# rule/remove


async def test_a_removed_rule_speaks_no_more(chat: Chat) -> None:
    rule = await add(chat, "allow bash command touch")
    assert (await chat.turn(bash("touch one")))["reason"] == "done"
    await chat.client.call("rule/remove", ruleId=rule["id"])
    turn, asked = await asked_once(chat, bash("touch two"))
    await chat.decide(asked, "deny")
    await chat.ended(turn)
    assert await stored(chat.client) == []


async def test_rule_remove_RuleNotFound(client: Client) -> None:
    refused = await client.refused("rule/remove", ruleId="nothing")
    assert (refused.name, refused.data["ruleId"]) == ("RuleNotFound", "nothing")


async def test_a_built_in_rule_cannot_be_removed(client: Client) -> None:
    rules = (await client.call("rule/list"))["rules"]
    built_in = next(rule for rule in rules if rule["by"] == "built-in")
    assert (await client.refused("rule/remove", ruleId=built_in["id"])).name == "RuleNotFound"
    assert built_in in (await client.call("rule/list"))["rules"]


async def test_rule_remove_StoreFull(chat: Chat) -> None:
    rule = await add(chat, STATUS)
    with full_disk():
        refused = await chat.client.refused("rule/remove", ruleId=rule["id"])
    assert refused.name == "StoreFull"
    assert await stored(chat.client) == [STATUS]


# rule/list


async def test_the_rules_of_a_chat_are_those_in_force_for_it(new_chat: NewChat) -> None:
    mine, other = await new_chat(), await new_chat()
    await add(mine, STATUS, "chat")
    await add(other, "allow bash command git log", "chat")
    await add(other, "ask bash command git push", "workspace")
    listed = (await mine.call("rule/list"))["rules"]
    assert [rule["text"] for rule in listed if rule["by"] != "built-in"] == [
        STATUS,
        "ask bash command git push",
    ]
    assert any(f"chats/{mine.id}/tmp/**" in rule["text"] for rule in listed)
    assert len(await stored(mine.client)) == 3


async def test_rule_list_ChatNotFound(client: Client) -> None:
    assert (await client.refused("rule/list", chatId="nobody")).name == "ChatNotFound"


async def test_rules_outlive_the_daemon(daemon: Daemon, chat: Chat) -> None:
    await add(chat, STATUS)
    await add(chat, "deny bash command git push", "chat")
    await daemon.restart()
    again = await daemon.client()
    assert await stored(again) == [STATUS, "deny bash command git push"]


async def test_the_rules_of_a_chat_go_with_it(chat: Chat) -> None:
    await add(chat, STATUS, "chat")
    await chat.call("chat/delete")
    assert await stored(chat.client) == []


# Which rule decides


async def test_deny_beats_allow_at_every_level(new_chat: NewChat, home: Home) -> None:
    chat = await new_chat(level="full")
    await add(chat, "allow bash command touch", "chat")
    await add(chat, "deny bash command touch", "user")
    await chat.turn(f"{bash('touch one')} @then @echo-history")
    assert not (home.work / "one").exists()
    assert "The rule says: deny bash command touch" in (await chat.texts())[-1]
    (decided,) = await recorded(chat.client, chatId=chat.id)
    assert (decided["outcome"], decided["automatic"]) == ("deny", True)
    assert decided["rule"] == "deny bash command touch"


async def test_an_ask_rule_asks_in_full_and_offers_no_way_around_it(new_chat: NewChat) -> None:
    chat = await new_chat(level="full")
    rule = await add(chat, "ask bash command touch")
    await add(chat, "allow bash command touch")
    turn, asked = await asked_once(chat, bash("touch one"))
    assert asked["rule"] == rule
    assert asked["scopes"] == ["once"]
    assert not asked.get("suggested")
    refused = await chat.client.refused(
        "permission/decide", permissionId=asked["id"], decision="allow", scope="user"
    )
    assert (refused.name, refused.data["path"]) == ("InvalidParams", "$.scope")
    await chat.decide(asked, "allow")
    assert (await chat.ended(turn))["reason"] == "done"


async def test_the_daemons_own_data_is_out_of_reach(
    new_chat: NewChat, home: Home, daemon: Daemon
) -> None:
    chat = await new_chat(level="full")
    await add(chat, "allow *")
    database = home.root / "data" / "claudetted.db"
    before = database.read_bytes()
    calls = [
        tool("read", path=str(database)),
        tool("write", path=str(database), content="mine now"),
        tool("ls", path=str(home.root / "data")),
        tool("read", path=str(daemon.socket)),
        bash(f"cat {database}"),
        bash(f"cp {database} here"),
        bash(f"echo > {home.runtime}/keeper.sock"),
    ]
    await chat.turn(" ".join(calls))
    decided = await recorded(chat.client, chatId=chat.id)
    assert [one["outcome"] for one in decided] == ["deny"] * len(calls)
    assert all(one["automatic"] and one["rule"].startswith("deny") for one in decided)
    assert database.read_bytes()[:16] == before[:16]
    assert list(home.work.iterdir()) == []


CREDENTIALS = (
    ".ssh/id_ed25519",
    ".pi/agent/auth.json",
    ".aws/credentials",
    ".netrc",
    ".config/gh/hosts.yml",
    ".gnupg/private-keys-v1.d/key",
)


async def test_credentials_are_out_of_reach(new_chat: NewChat) -> None:
    for name in CREDENTIALS:
        path = Path.home() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a secret")
    chat = await new_chat(level="full")
    await add(chat, "allow *")
    calls = [tool("read", path=f"~/{name}") for name in CREDENTIALS]
    calls += [bash(f"cat ~/{name}") for name in CREDENTIALS]
    await chat.turn(f"{' '.join(calls)} @then @echo-history")
    decided = await recorded(chat.client, chatId=chat.id)
    assert [one["outcome"] for one in decided] == ["deny"] * len(calls)
    assert "a secret" not in str(await chat.items())


async def test_the_chats_own_directory_for_temporary_files_is_open(chat: Chat, home: Home) -> None:
    path = home.root / "data" / "chats" / chat.id / "tmp" / "a"
    calls = [tool("write", path=str(path), content="x"), tool("read", path=str(path))]
    assert (await chat.turn(" @then ".join(calls)))["reason"] == "done"
    assert path.read_text() == "x"
    assert not chat.events("permission/opened")
    assert [one["outcome"] for one in await recorded(chat.client)] == ["allow", "allow"]


async def test_a_workspace_that_no_directory_can_have_is_refused(client: Client) -> None:
    refused = await client.refused("rule/add", text=STATUS, scope="workspace", workspace="/a\0b")
    assert (refused.name, refused.data["path"]) == ("InvalidParams", "$.workspace")
    name = "default_level:/a\0b"
    assert (await client.refused("setting/get", key=name)).name == "SettingUnknown"
