"""A command that runs unasked is held to what its verdict took for granted."""

import os
from pathlib import Path

import pytest

from claudetted.permissions.disk import RealDisk
from claudetted.permissions.engine import judge
from claudetted.permissions.places import Places
from claudetted.permissions.rules import parse
from claudetted.permissions.verdict import Verdict
from claudetted.protocol.permissions import Confinement, Level, Request


class World:
    """A home with a workspace on a real disk."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.work = self.home / "work"
        self.data, self.run = root / "data", root / "run"
        self.chat = self.data / "chats/c"
        for path in (self.work / ".git", self.work / "src", self.chat / "tmp", self.run):
            path.mkdir(parents=True)
        (self.home / ".ssh").mkdir()
        (self.home / ".npm").mkdir()
        (self.home / ".ssh/id_ed25519").touch()
        (self.home / ".ssh/id_ed25519.pub").touch()
        (root / "bus").touch()
        self.config = root / "config"
        self.config.mkdir()
        self.places = Places(
            str(self.home),
            str(self.data),
            str(self.run),
            RealDisk(),
            config_dir=str(self.config),
            sockets=(str(root / "bus"), str(root / "absent")),
        )

    def put(self, *names: str) -> list[str]:
        for name in names:
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return [str(self.work / name) for name in names]

    def verdict(
        self,
        command: str,
        *rules: str,
        level: Level = "standard",
        boxed: bool = True,
        outside: bool = False,
        request: Request | None = None,
    ) -> Verdict:
        run = Request("bash", "run", "d", command=command, cwd=str(self.work), outside=outside)
        return judge(
            request or run,
            level=level,
            workspace=str(self.work),
            chat_dir=str(self.chat),
            rules=[parse(rule) for rule in rules],
            places=self.places,
            boxed=boxed,
        )

    def held(self, command: str, *rules: str, level: Level = "standard") -> Confinement:
        verdict = self.verdict(command, *rules, level=level)
        assert verdict.effect == "allow", verdict.why
        assert verdict.confinement
        return verdict.confinement


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Path(os.path.realpath(tmp_path)))


def test_a_command_that_only_reads_writes_its_temporary_directory_alone(world: World) -> None:
    held = world.held("grep -n x src", "allow bash command grep")
    assert held.boxed
    assert held.writable == [str(world.chat / "tmp")]
    assert not held.network


@pytest.mark.parametrize("command", ["git status", "git log -3", "git diff"])
def test_git_that_reads_takes_no_locks(world: World, command: str) -> None:
    held = world.held(command, f"allow bash command {' '.join(command.split()[:2])}")
    assert held.writable == [str(world.chat / "tmp")]
    assert held.environment["GIT_OPTIONAL_LOCKS"] == "0"
    assert held.environment["GIT_CONFIG_KEY_0"] == "safe.bareRepository"
    for allowed in (world.held(command, level="full"), world.held(command, "allow bash")):
        assert allowed.environment == {}


def test_a_command_that_writes_has_workspace_and_the_caches_of_its_program(world: World) -> None:
    held = world.held("npm test", "allow bash command npm test")
    expected = [str(world.home / ".npm"), str(world.work), str(world.chat / "tmp")]
    assert held.writable == sorted(expected)
    assert not held.network


def test_what_one_part_writes_holds_for_the_whole_command(world: World) -> None:
    rules = ("allow bash command grep", "allow bash command make")
    assert str(world.work) in (world.held("grep x src | make", *rules).writable or [])


def test_a_redirection_opens_the_directory_it_writes_in(world: World) -> None:
    rules = ("allow bash command grep", "allow @write path /tmp/elsewhere/**")
    held = world.held("grep x src > /tmp/elsewhere/out", *rules)
    assert held.writable == sorted(["/tmp", str(world.chat / "tmp")])


@pytest.mark.parametrize(
    ("command", "rules", "network"),
    [
        ("git fetch", ["allow bash command git fetch"], True),
        ("git commit -m x", ["allow bash command git commit"], False),
        ("npm install", ["allow bash command npm install"], True),
        ("make", ["allow bash command make"], False),
        ("curl https://example.org/x", ["allow bash command curl https://example.org/x"], True),
    ],
)
def test_the_network_is_there_where_a_rule_says_so(
    world: World, command: str, rules: list[str], network: bool
) -> None:
    assert world.held(command, *rules).network is network


def test_what_deny_rules_name_is_hidden(world: World) -> None:
    key, env, deep = world.put("secrets/key", ".env", "src/deep/.env")
    rules = ("allow bash command grep", "deny * path secrets/**", "deny * path **/.env")
    held = world.held("grep x src", *rules)
    assert {os.path.dirname(key), env, deep} <= set(held.hidden)


def test_credentials_and_what_is_ours_are_hidden_at_every_level(world: World) -> None:
    levels: tuple[Level, ...] = ("standard", "confined", "full")
    for level in levels:
        hidden = set(world.held("grep x src", "allow bash command grep", level=level).hidden)
        own = {str(world.data), str(world.run), str(world.config)}
        assert own | {str(world.home / ".ssh/id_ed25519")} <= hidden
        assert str(world.home / ".ssh/id_ed25519.pub") not in hidden


def test_the_temporary_directory_inside_of_our_own_is_shown(world: World) -> None:
    assert str(world.chat / "tmp") in world.held("pwd").shown


def test_a_rule_about_writing_keeps_it_readable(world: World) -> None:
    (lock,) = world.put("uv.lock")
    held = world.held("make", "allow bash command make", "deny @write path uv.lock")
    assert held.readonly == [lock]
    assert lock not in held.hidden


def test_programs_of_the_session_are_out_of_reach_but_in_full(world: World) -> None:
    bus = str(world.home.parent / "bus")
    assert bus in world.held("make", "allow bash command make").hidden
    assert bus in world.held("make", level="confined").hidden
    assert bus not in world.held("make", level="full").hidden


def test_full_and_a_rule_for_the_whole_tool_only_hide(world: World) -> None:
    held = (world.held("make", level="full"), world.held("make", "allow bash"))
    assert [(one.writable, one.network) for one in held] == [(None, True), (None, True)]


def test_a_person_decides_about_what_becomes_another_user(world: World) -> None:
    verdict = world.verdict("ls && umount /mnt", level="full")
    assert (verdict.effect, verdict.scopes) == ("ask", ("once",))
    assert "umount cannot work in a box" in verdict.why
    assert world.verdict("umount /mnt", level="full", boxed=False).effect == "allow"


def test_what_leaves_its_box_asks_whatever_allows_it(world: World) -> None:
    for level in ("standard", "full"):
        verdict = world.verdict("make", "allow bash command make", level=level, outside=True)
        assert (verdict.effect, verdict.confinement) == ("ask", None)


def test_too_many_files_to_look_through_ask(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claudetted.permissions.trees.MOST_LOOKED_AT", 3)
    world.put("a", "b", "c", "d")
    rules = ("allow bash command make", "deny * path **/.env")
    verdict = world.verdict("make", *rules)
    assert (verdict.effect, "too many files" in verdict.why) == ("ask", True)


def test_a_search_through_what_is_hidden_needs_nobody(world: World) -> None:
    world.put("secrets/key")
    rules = ("allow bash command grep", "deny * path secrets/**")
    assert world.verdict("grep -r x .", *rules, boxed=False).effect == "ask"
    assert world.held("grep -r x .", *rules).hidden


def test_without_a_box_nothing_changes_but_the_environment(world: World) -> None:
    verdict = world.verdict("make", "allow bash command make", boxed=False)
    assert (verdict.effect, verdict.confinement) == ("allow", None)
    verdict = world.verdict("git status", "allow bash command git status", boxed=False)
    assert verdict.confinement
    assert (verdict.confinement.boxed, verdict.confinement.hidden) == (False, [])


def test_a_linked_worktree_writes_in_its_repository(world: World) -> None:
    repository = world.home / "main/.git"
    own = repository / "worktrees/work"
    own.mkdir(parents=True)
    (world.work / ".git").rmdir()
    (world.work / ".git").write_text(f"gitdir: {own}\n")
    (own / "gitdir").write_text(f"{world.work}/.git\n")
    held = world.held("git commit", "allow bash command git commit")
    assert str(repository) in (held.writable or [])


def test_whoever_writes_the_workspace_cannot_name_another_repository(world: World) -> None:
    (world.work / ".git").rmdir()
    for place in (world.home, world.home / "worktrees/x"):
        place.mkdir(parents=True, exist_ok=True)
        (world.work / ".git").write_text(f"gitdir: {place}\n")
        held = world.held("git commit", "allow bash command git commit")
        assert held.writable == sorted([str(world.work), str(world.chat / "tmp")])


class TestConfined:
    """Everything inside of the box runs; the rest asks."""

    def test_every_command_runs_in_the_box(self, world: World) -> None:
        held = world.held('eval "$x"; python3 build.py > out', level="confined")
        assert str(world.work) in (held.writable or [])
        assert not held.network

    def test_a_rule_for_the_host_opens_the_network(self, world: World) -> None:
        command = "curl https://example.org/x"
        assert not world.held(command, level="confined").network
        assert world.held(command, "allow @fetch host example.org", level="confined").network

    @pytest.mark.parametrize(
        ("access", "path", "effect"),
        [
            ("write", "src/new.py", "allow"),
            ("edit", "src/new.py", "allow"),
            ("write", "../out.txt", "ask"),
            ("write", ".git/hooks/pre-commit", "ask"),
            ("read", "../notes.txt", "allow"),
            ("fetch", "", "ask"),
            ("unknown", "", "ask"),
        ],
    )
    def test_other_tools(self, world: World, access: str, path: str, effect: str) -> None:
        paths = [os.path.normpath(world.work / path)] if path else []
        request = Request("tool", access, "d", paths=paths)  # type: ignore[arg-type]
        assert world.verdict("", level="confined", request=request).effect == effect

    def test_rules_that_deny_and_ask_come_first(self, world: World) -> None:
        assert world.verdict("make", "deny bash command make", level="confined").effect == "deny"
        assert world.verdict("make", "ask bash command make", level="confined").effect == "ask"

    def test_without_a_box_it_asks_like_standard(self, world: World) -> None:
        assert world.verdict("make", level="confined", boxed=False).effect == "ask"


def test_readonly_refuses_commands_with_a_box_too(world: World) -> None:
    assert world.verdict("ls", "allow bash", level="readonly").effect == "deny"


def test_a_box_of_many_files_is_refused(world: World) -> None:
    world.put(*(f"d/{n}.key" for n in range(401)))
    verdict = world.verdict("make", "allow bash command make", "deny * path d/*.key")
    assert (verdict.effect, "More files" in verdict.why) == ("ask", True)


def test_in_confined_nothing_is_written_that_runs_later_outside(world: World) -> None:
    there = world.put(".git/config", ".vscode/tasks.json", ".envrc", ".pi/settings.json")
    held = world.held("make", level="confined")
    work = str(world.work)
    assert set(held.readonly) >= {there[0], f"{work}/.git/hooks", f"{work}/.envrc"}
    assert set(held.readonly) >= {f"{work}/.vscode", f"{work}/.pi"}
    assert f"{work}/.claude" not in held.readonly
    assert there[0] not in world.held("make", "allow bash command make").readonly


def test_a_rule_opens_what_runs_later_in_confined(world: World) -> None:
    (config,) = world.put(".git/config")
    held = world.held("make", "allow bash path .git/config", level="confined")
    assert config not in held.readonly
    assert f"{world.work}/.git/hooks" in held.readonly


def test_hooks_of_a_repository_elsewhere_are_kept_in_confined(world: World) -> None:
    own = world.home / "main/.git/worktrees/work"
    own.mkdir(parents=True)
    (world.work / ".git").rmdir()
    (world.work / ".git").write_text(f"gitdir: {own}\n")
    (own / "gitdir").write_text(f"{world.work}/.git\n")
    (world.home / "main/.git/config").touch()
    held = world.held("make", level="confined")
    assert str(world.home / "main/.git/hooks") in held.readonly
    assert str(world.home / "main/.git/config") in held.readonly
