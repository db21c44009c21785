"""What holds for every rule and every call."""

import shlex

from hypothesis import given, settings, strategies as st

from claudetted.permissions.rules import RuleError, parse
from claudetted.permissions.shell.reading import read
from claudetted.protocol.permissions import Access, Level, Request
from tests.unit.permissions.corpus import ALLOW, ASK, DENY, RULES
from tests.unit.permissions.world import HOME, WORKSPACE, asking, running, verdict

STRENGTH = {"allow": 0, "ask": 1, "deny": 2}
LEVELS: list[Level] = ["readonly", "standard", "full"]
ACCESSES: list[Access] = ["read", "list", "search", "write", "edit", "fetch", "unknown"]
PATHS = [
    WORKSPACE + "/src/a.py",
    WORKSPACE + "/.git/config",
    WORKSPACE,
    HOME + "/.ssh/id_rsa",
    "/etc/passwd",
]
TOOLS = ["bash", "read", "write", "mcp__x__y"]

commands = st.sampled_from([*ALLOW, *ASK, *DENY])
words = st.sampled_from(["git", "status", "rm", "-rf", "--force", "push", "~", "a b", "ls", "$x"])
globs = st.sampled_from(["**", "src/**", "*.py", "/etc/**", "~/**", "**/.git/**", "/**", "secrets"])
matches = st.one_of(
    st.just(""),
    st.lists(words, min_size=1, max_size=3).map(lambda w: " command " + shlex.join(w)),
    globs.map(lambda glob: f" path {shlex.quote(glob)}"),
    st.sampled_from([" host *", " host api.example.org", " host evil.example"]),
)
tools = st.sampled_from(["*", "bash", "@read", "@write", "@run", "@fetch", "mcp__*", "write"])
effects = st.sampled_from(["allow", "ask", "deny"])
rules = st.one_of(
    st.sampled_from(RULES),
    st.tuples(effects, tools, matches).map(lambda parts: f"{parts[0]} {parts[1]}{parts[2]}"),
)
calls = st.one_of(
    commands.map(running),
    st.builds(
        lambda tool, access, path: asking(tool, access, path),
        st.sampled_from(TOOLS),
        st.sampled_from(ACCESSES),
        st.sampled_from(PATHS),
    ),
)


@settings(max_examples=150, deadline=None)
@given(calls, st.lists(rules, max_size=6), rules, st.sampled_from(LEVELS))
def test_another_deny_or_ask_never_allows_more(
    call: Request, others: list[str], more: str, level: Level
) -> None:
    if more.startswith("allow"):
        return
    before = verdict(call, *others, level=level).effect
    after = verdict(call, *others, more, level=level).effect
    assert STRENGTH[after] >= STRENGTH[before]


@settings(max_examples=150, deadline=None)
@given(calls, st.lists(rules, max_size=6), rules, st.sampled_from(LEVELS))
def test_another_allow_never_allows_less(
    call: Request, others: list[str], more: str, level: Level
) -> None:
    if not more.startswith("allow"):
        return
    before = verdict(call, *others, level=level).effect
    after = verdict(call, *others, more, level=level).effect
    assert STRENGTH[after] <= STRENGTH[before]


@settings(max_examples=150, deadline=None)
@given(calls, st.lists(rules, max_size=6), st.randoms(), st.sampled_from(LEVELS))
def test_the_order_of_rules_is_irrelevant(
    call: Request, listed: list[str], random: object, level: Level
) -> None:
    shuffled = list(listed)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert verdict(call, *listed, level=level) == verdict(call, *shuffled, level=level)


@settings(max_examples=150, deadline=None)
@given(calls, st.lists(rules, max_size=6), st.sampled_from(LEVELS))
def test_what_is_suggested_always_suffices(call: Request, listed: list[str], level: Level) -> None:
    told = verdict(call, *listed, level=level)
    if told.suggested:
        assert verdict(call, *listed, *told.suggested, level=level).effect == "allow"
        assert told.effect == "ask" and set(told.scopes) > {"once"}


@settings(max_examples=150, deadline=None)
@given(calls, st.lists(rules, max_size=6))
def test_readonly_lets_nothing_but_readers_pass(call: Request, listed: list[str]) -> None:
    told = verdict(call, *listed, level="readonly")
    assert told.effect != "allow" or call.access in ("read", "list", "search")


@settings(max_examples=150, deadline=None)
@given(calls, st.lists(rules, max_size=6))
def test_full_asks_only_for_a_rule(call: Request, listed: list[str]) -> None:
    told = verdict(call, *listed, level="full")
    assert told.effect == "allow" or told.rule is not None


HOSTILE = ["rm -rf ~", "rm", "curl evil.test", "python -c x", "sh", "FOO=1 git status", "git push"]
EMBEDDINGS = [
    "git status; {}",
    "git status && {}",
    "git status || {}",
    "git status | {}",
    "git status |& {}",
    "git status & {}",
    "git status\n{}",
    "{}\ngit status",
    "{}; git status",
    "{} | git status",
    "git status $({})",
    "git status `{}`",
    'git status "$({})"',
    "git status <({})",
    "git status > >({})",
    "git status ${{x:-$({})}}",
    "git status $(( $({}) ))",
    "git status <<E\n$({})\nE",
    "git status <<E\nE\n{}",
    "git status # x\n{}",
    "git status\\\n;{}",
    "(git status; {})",
    "{{ git status; {}; }}",
    "if git status; then {}; fi",
    "if {}; then git status; fi",
    "while git status; do {}; done",
    "for x in $({}); do git status; done",
    "case x in x) git status; {};; esac",
    "f() {{ {}; }}; git status",
    "! {}",
    "time {}",
    "x=$({}) git status",
    "x=$({}); git status",
    "bash -c 'git status; {}'",
    "git status > $({})",
    "[[ $({}) ]] && git status",
    "git status ''; {}",
    'git status "a" ; {}',
    "git status \\; ; {}",
    "git status 'x'\n\n{}",
]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(EMBEDDINGS), min_size=1, max_size=3),
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from(EMBEDDINGS), max_size=2),
)
def test_a_rule_for_git_status_admits_no_embedding(
    embeddings: list[str], hostile: str, around: list[str]
) -> None:
    command = hostile
    for embedding in [*embeddings, *around]:
        command = embedding.format(command)
    assert verdict(running(command), "allow bash command git status").effect == "ask"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_whatever_is_sent_gets_a_verdict(text: str) -> None:
    for level in LEVELS:
        verdict(running(text), *RULES, level=level)
    read(text)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="abc *?[]{}~/.'\"$\\\n@-", max_size=30))
def test_text_of_rules_never_breaks_the_reader_of_rules(text: str) -> None:
    for prefix in ("allow bash command ", "deny * path ", ""):
        try:
            rule = parse(prefix + text)
        except RuleError:
            continue
        again = parse(rule.text)
        assert (again.match, again.pattern, again.unless) == (
            rule.match,
            rule.pattern,
            rule.unless,
        )
        verdict(running("git status"), rule)
        verdict(asking("write", "write", WORKSPACE + "/x"), rule)
