"""The corpus of commands, and what it shows about rules on commands."""

import itertools

import msgspec
import pytest

from claudetted.permissions.rules import parse
from tests.unit.permissions.corpus import ALLOW, ASK, DENY, RULES, TRAPS
from tests.unit.permissions.world import PLACES, WORKSPACE, running, verdict


@pytest.mark.parametrize(("effect", "trap"), TRAPS, ids="-".join)
def test_the_corpus(effect: str, trap: str) -> None:
    found = {command: verdict(running(command), *RULES) for command in TRAPS[effect, trap]}
    assert not {command: told.why for command, told in found.items() if told.effect != effect}


def test_the_corpus_is_large_and_says_nothing_twice() -> None:
    everything = [*ALLOW, *ASK, *DENY]
    assert len(everything) == len(set(everything)) >= 300


@pytest.mark.parametrize("command", ALLOW[:20])
def test_nothing_is_allowed_without_a_rule(command: str) -> None:
    assert verdict(running(command)).effect == "ask"


def test_what_is_suggested_for_a_command_would_have_allowed_it() -> None:
    offered = 0
    for command in (*ALLOW, *ASK):
        told = verdict(running(command))
        if told.effect != "ask":
            continue
        assert (told.scopes == ("once",)) == (not told.suggested)
        if told.suggested:
            offered += 1
            assert verdict(running(command), *told.suggested).effect == "allow", command
    assert offered > 250


@pytest.mark.parametrize(
    ("command", "texts"),
    [
        ("git status -s", ["command git status"]),
        ("git --no-pager log -5", ["command git log"]),
        ("ls -la src", ["command ls"]),
        ("npm run build -- --watch", ["command npm run build -- --watch"]),
        ("python -m pytest tests -q", ["command python -m pytest"]),
        ("python x.py a b", ["command python x.py a b"]),
        ("uv run pytest -q", ["command uv run pytest"]),
        ("rm -rf build", ["command rm -rf build"]),
        ("sort -o out in", ["command sort -o out"]),
        ("git -c a=b log", ["command git -c a=b log"]),
        ("FOO=1 make all", ["command FOO=1 make all"]),
        ("cat /etc/hosts", ["command cat /etc/hosts"]),
        ("timeout 10 npm test | tail -5", ["command npm test", "command tail"]),
        ("echo x > out.txt", [f"path {WORKSPACE}/out.txt", "command echo"]),
        ("apt install x", ["command apt install x"]),
        # A rule asks about it every time, and no other would silence that one.
        ("sudo apt install x", []),
        ("curl -s https://a.example/x", ["command curl https://a.example/x"]),
        ("bash -c 'git add .; git diff'", ["command git add", "command git diff"]),
        ("npm install left-pad", ["command npm install left-pad"]),
        ("frob deploy --now", ["command frob deploy --now"]),
        ("frob -v x.txt", ["command frob -v x.txt"]),
        ("docker container ls -a", ["command docker container ls"]),
        ("find . -exec grep x {} +", ["command find", "command grep"]),
        ('eval "$x"', []),
        ("cat $x", []),
        ("git status (", []),
    ],
)
def test_what_is_suggested(command: str, texts: list[str]) -> None:
    told = verdict(running(command))
    assert [rule.text for rule in told.suggested] == [f"allow bash {text}" for text in texts]


def test_why_it_asks_is_told_part_by_part() -> None:
    told = verdict(running("git status && cat /etc/passwd"), "allow bash command git status")
    assert told.why == "cat /etc/passwd: /etc/passwd lies outside the workspace."
    told = verdict(running("git status | frob"), "allow bash command git status")
    assert told.why == "frob: no rule allows it."
    assert verdict(running("frob")).why == "No rule allows it."
    told = verdict(running("frob && grob && cat /etc/passwd && frob"))
    assert told.why == (
        "frob; grob: no rule allows it. cat /etc/passwd: /etc/passwd lies outside the workspace."
    )
    assert "no valid shell" in verdict(running("git status (")).why


def test_a_command_that_runs_outside_the_workspace_asks() -> None:
    told = verdict(running("git status", cwd="/srv/other"), "allow bash command git status")
    assert told.effect == "ask" and "/srv/other" in told.why


def test_a_rule_about_writing_lifts_redirections_and_nothing_else() -> None:
    rules = ("allow bash command echo", "allow bash command rm", "allow @write path src/**")
    assert verdict(running("echo x > src/a.txt"), *rules).effect == "allow"
    assert verdict(running("echo x > b.txt"), *rules).effect == "ask"
    assert verdict(running("echo x > src/../b.txt"), *rules).effect == "ask"
    outside = ("allow bash command rm", "allow @write path /srv/**", "allow @read path /srv/**")
    assert verdict(running("rm /srv/x"), *outside).effect == "ask"


@pytest.mark.parametrize("wrapper", ["timeout 10", "nice -n 5", "env", "nohup", "time", "command"])
def test_a_rule_for_a_wrapper_is_none_for_what_it_carries(wrapper: str) -> None:
    command = running(f"{wrapper} wc x")
    assert verdict(command, f"allow bash command {wrapper.split()[0]}").effect == "ask"
    assert verdict(command, f"allow bash command {wrapper}").effect == "ask"
    assert verdict(command, f"allow bash command {wrapper} wc").effect == "allow"
    assert verdict(command, "allow bash command wc").effect == "allow"


@pytest.mark.parametrize(
    ("rule", "command"),
    [
        ("go test", "go test --exec ./x ./..."),
        ("go vet", "go vet --vettool=./x ./..."),
        ("gcc", "gcc -B./x a.c"),
        ("gcc", "gcc -oout a.c"),
        ("gcc", "gcc --specs=x a.c"),
        ("gcc", "gcc -Wl,-o,out a.c"),
        ("jobs", "jobs -x rm -rf src"),
        ("wait", "wait -n -p 'a[$(rm x)]'"),
        ("command", "command -pp rm -rf src"),
        ("command", "command -p -- rm -rf src"),
        ("git push", "git push origin +main"),
        ("git push", "git push origin :main"),
        ("git tag", "git tag -d v1"),
        ("make test", "make test deploy"),
        ("docker container", "docker container exec web rm x"),
        ("docker-compose", "docker-compose exec web rm x"),
        ("taskset", "taskset 1 rm -rf src"),
        ("xvfb-run", "xvfb-run rm -rf src"),
        ("mise", "mise exec -- rm -rf src"),
        ("npm explore", "npm explore x -- rm -rf src"),
        ("mawk", "mawk -Wexec a.awk"),
        ("xargs cat", "xargs cat"),
        ("xargs cat", "xargs cat < list"),
        ("awk", "awk 'BEGIN {system(\"rm x\")}' --"),
        ("awk", "awk 'BEGIN {system(\"rm x\")}' -e"),
        ("awk", "awk -F -e 'BEGIN {system(\"rm x\")}'"),
        ("awk", "awk '{print}' -F /etc/passwd"),
        ("sed", "sed '1e rm x' -- a"),
        ("sed", "sed '1e rm x' a -e p"),
        ("sed", "sed -l -e '1e rm x' a"),
        ("cut", "cut -c1- a -d /etc/passwd"),
        ("command", "command $x"),
        ("command", 'command "$x" src'),
        ("command", "command evil${x:- &{x}"),
        ("jobs", 'jobs "$x" rm -rf src'),
        ("date", 'date "$x"'),
        ("printf", 'x=-v; y=\'a[$(rm x)]\'; printf "$x" "$y" z'),
        ("[", 'x=-v; y=\'a[$(rm x)]\'; [ "$x" "$y" ]'),
        ("test", "test \"$x\" 'a[b]'"),
        ("sed", "x='1e rm x'; sed -e \"$x\" a"),
        ("awk", 'awk -e "$x" a'),
    ],
)
def test_a_short_rule_covers_no_more_than_it_says(rule: str, command: str) -> None:
    assert verdict(running(command), f"allow bash command {rule}").effect == "ask"


@pytest.mark.parametrize(
    ("rule", "command"),
    [
        ("printf", "printf '%s\\n' \"$x\""),
        ("printf", 'printf -- "$x"'),
        ("[", '[ -n "$x" ]'),
        ("[", '[ "$x" = y ]'),
        ("[", '[ ! -f "$x" ] && [ "$y" != "$x" ]'),
        ("test", 'test "$a" -eq 3 -a "$b" = c'),
        ("date", 'date -d "$x" +%s'),
        ("awk", "awk -F'|' -v a=\"$x\" '{print a, $1}' a"),
        ("command", "command -v node"),
        ("grep", 'grep -e "$x" a'),
        ("grep", "grep -n x -- a"),
        ("sed", "sed -n -e 1p -e '/x/p' -- a"),
        ("cut", "cut -d / -f 2 a"),
        ("find", "find . -name '*.py' -newer a"),
        ("git push", "git push -u origin main:main"),
    ],
)
def test_a_short_rule_covers_what_people_mean(rule: str, command: str) -> None:
    assert verdict(running(command), f"allow bash command {rule}").effect == "allow"


@pytest.mark.parametrize(
    ("rule", "command"),
    [
        ("rm -rf", "rm -fr x"),
        ("rm -rf", "rm x -r -f"),
        ("rm -rf", "rm --recursive --force x"),
        ("rm -rf", "rm -Rf x"),
        ("rm -r", "rm -vfR x"),
        ("git push --force", "git push -f"),
        ("git push --force", "git push -fu origin main"),
        ("git push --force", "git push origin +main"),
        ("git push -f", "git push --force"),
        ("rm", "command -pp rm x"),
        ("rm", "taskset 1 rm x"),
        ("rm", "jobs -x rm x"),
        ("rm", "sg users 'rm x'"),
    ],
)
def test_a_denied_command_is_denied_however_it_is_spelled(rule: str, command: str) -> None:
    assert verdict(running(command), f"deny bash command {rule}", level="full").effect == "deny"


@pytest.mark.parametrize(
    ("rule", "command"),
    [("rm -rf", "rm -r x"), ("rm -rf", "rm x"), ("git push --force", "git push origin main")],
)
def test_a_denied_option_denies_no_other(rule: str, command: str) -> None:
    assert verdict(running(command), f"deny bash command {rule}", level="full").effect == "allow"


@pytest.mark.parametrize(
    ("command", "effect"),
    [
        ("find . -name '*.py' | xargs cat", "allow"),
        ("find src -type f | grep -v test | sort -u | head -n 5 | xargs -n 1 cat", "allow"),
        ("git ls-files src | xargs cat", "allow"),
        ("ls | xargs -I{} cat {}", "allow"),
        ("find . | xargs timeout 5 cat", "allow"),
        ("echo /etc/passwd | xargs cat", "ask"),
        ("cat list | xargs cat", "ask"),
        ("find . -printf '/etc/passwd' | xargs cat", "ask"),
        ("find . | sed s/a/b/ | xargs cat", "ask"),
        ("find . | grep x list | xargs cat", "ask"),
        ("find . | sort list | xargs cat", "ask"),
        ("find . | xargs cat < list", "ask"),
        ("find . | (xargs cat)", "ask"),
        ("find . 2> /dev/null | xargs cat 2> /dev/null", "allow"),
        ("find . | xargs cat <<< /etc/passwd", "ask"),
        ("find . | xargs cat <<E\n/etc/passwd\nE", "ask"),
        ("find . | sort < list | xargs cat", "ask"),
        ("find . | xargs cat | head < list", "ask"),
        ("(find . ; echo /etc/passwd) | xargs cat", "ask"),
        ("find . | cat list | xargs cat", "ask"),
        ("cat list | (find . ; xargs cat)", "ask"),
        ("find . && xargs cat", "ask"),
        ("rg x | xargs cat", "ask"),
        ('echo "$(find . | xargs cat)"', "allow"),
        ('find . | echo "$(xargs cat)"', "ask"),
        ("find . | nice xargs cat", "allow"),
        ("echo /etc/passwd | nice xargs cat", "ask"),
    ],
)
def test_what_is_fed_to_a_command_has_to_be_known(command: str, effect: str) -> None:
    names = (
        "xargs cat",
        "xargs timeout",
        "echo",
        "cat",
        "find",
        "grep",
        "sort",
        "head",
        "ls",
        "rg",
    )
    rules = [f"allow bash command {name}" for name in (*names, "git ls-files", "sed")]
    rules += ["allow bash command xargs -n 1 cat", "allow bash command 'xargs' '-I{}' cat"]
    assert verdict(running(command), *rules).effect == effect


def test_in_full_only_rules_speak() -> None:
    assert verdict(running("rm -rf ~"), level="full").effect == "allow"
    assert verdict(running("eval $x ("), level="full").effect == "allow"
    assert verdict(running("git push"), "ask bash command git push", level="full").effect == "ask"
    assert verdict(running("cat ~/.ssh/id_rsa"), level="full").effect == "deny"


@pytest.mark.parametrize(
    "command", ["$x", "eval $x", "echo rm | sh", "sh <<E\nrm x\nE", "rm x (", 'bash -c "$x"']
)
def test_where_a_deny_rule_may_reach_and_nobody_can_tell_it_asks_in_full(command: str) -> None:
    told = verdict(running(command), "deny bash command frob", level="full")
    assert told.effect == "ask" and "not certain" in told.why


def test_a_rule_about_reading_alone_asks_where_a_command_may_do_either() -> None:
    rules = ("deny @read path data/**", "allow bash")
    assert verdict(running("cat data/x"), *rules).effect == "deny"
    assert verdict(running("frob data/x"), *rules).effect == "ask"
    assert verdict(running("echo > data/x"), *rules).effect == "allow"
    assert (
        verdict(running("cat data/x"), "deny @write path data/**", "allow bash").effect == "allow"
    )
    assert verdict(running("echo > data/x"), "deny @write path data/**").effect == "deny"


def test_on_a_case_insensitive_volume_a_program_has_many_names() -> None:
    places = msgspec.structs.replace(PLACES, case_insensitive=True)
    assert verdict(running("RM -rf x"), "deny bash command rm", places=places).effect == "deny"
    assert verdict(running("cat ~/.SSH/ID_RSA"), places=places).effect == "deny"


def test_the_order_of_rules_does_not_matter() -> None:
    rules = ["allow bash command git", "deny bash command git push", "ask bash command git pull"]
    for command in ("git push", "git pull", "git status", "git push; git pull"):
        told = {
            (v.effect, v.rule.text if v.rule else "")
            for order in itertools.permutations(rules)
            for v in [verdict(running(command), *(parse(text) for text in order))]
        }
        assert len(told) == 1


BOMBS = {
    "parentheses": "(" * 15000,
    "substitutions": "echo " + "$(" * 700 + ")" * 700,
    "open substitutions": "echo " + "$(" * 7000,
    "words": "ls " + "a " * 7000,
    "parts": "ls;" * 5000,
    "backticks": "`" * 15000,
    "groups": "{ " * 7000,
    "branches": "if " * 5000,
    "documents": "cat <<E\n" * 2000,
    "wrappers": "sudo " * 3000,
    "eval": "eval " * 3000 + "ls",
    "assignments": "A=1 " * 4000 + "ls",
    "found": "find . " + "-exec ls {} \\; " * 1000,
    "dots": "ls " + "../" * 5000,
    "length": "ls " + "a" * 40000,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_what_is_made_to_be_too_much_asks(bomb: str) -> None:
    assert verdict(running(bomb), *RULES).effect == "ask"
    assert verdict(running(bomb), "deny bash command frob", level="full").effect in ("ask", "allow")
