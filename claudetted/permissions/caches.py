"""Owns where programs keep what they fetch and build, outside of the workspace.

A confined command may write there. Paths start in the home directory.
"""

_CACHES = {
    "npm npx node": (".npm", ".cache/node-gyp", ".node-gyp"),
    "pnpm pnpx": (".local/share/pnpm", ".cache/pnpm", ".local/state/pnpm"),
    "yarn": (".yarn", ".cache/yarn"),
    "bun bunx": (".bun/install",),
    "deno": (".cache/deno",),
    "pip pip3": (".cache/pip",),
    "uv uvx": (".cache/uv", ".local/share/uv"),
    "poetry": (".cache/pypoetry",),
    "pipx": (".cache/pip", ".local/share/pipx"),
    "pre-commit": (".cache/pre-commit",),
    "cargo rustc": (".cargo/registry", ".cargo/git", ".cargo/.package-cache"),
    "go": (".cache/go-build", "go/pkg"),
    "gradle gradlew": (".gradle",),
    "mvn mvnw": (".m2",),
    "sbt scala": (".ivy2", ".sbt", ".cache/coursier"),
    "dotnet": (".nuget", ".local/share/NuGet"),
    "gem bundle": (".gem", ".bundle", ".local/share/gem"),
    "composer": (".cache/composer",),
    "mix": (".mix", ".hex"),
    "stack cabal ghc": (".stack", ".cabal", ".cache/cabal"),
    "zig": (".cache/zig",),
    "gcc g++ cc c++ make cmake ninja ccache": (".cache/ccache", ".ccache"),
    "playwright": (".cache/ms-playwright",),
    "golangci-lint": (".cache/golangci-lint", ".cache/go-build"),
}
_BY_PROGRAM = {name: places for names, places in _CACHES.items() for name in names.split()}


def of(program: str, home: str) -> list[str]:
    """The directories and files of one program, however it is called."""
    name = program.rsplit("/", 1)[-1]
    return [f"{home}/{place}" for place in _BY_PROGRAM.get(name, ())]
