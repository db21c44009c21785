"""Owns the list of commands that only read: at standard they run unasked where a box holds them."""

COMMANDS: tuple[str, ...] = (
    # Files.
    *("ls", "cat", "head", "tail", "wc", "stat", "file", "du", "tree", "nl", "diff", "cmp"),
    *("basename", "dirname", "realpath", "readlink", "md5sum", "sha256sum", "xxd", "od"),
    # Searching and picking.
    *(
        "grep",
        "rg",
        "fd",
        "find",
        "sort",
        "uniq",
        "cut",
        "tr",
        "column",
        "comm",
        "paste",
        "sed",
        "awk",
        "jq",
    ),
    # What the shell says.
    *(
        "pwd",
        "echo",
        "printf",
        "test",
        "[",
        "[[",
        "true",
        "false",
        "date",
        "which",
        "type",
        "command",
    ),
    *("uname", "whoami", "id", "sleep", "seq"),
    # Repositories.
    *("git status", "git log", "git diff", "git show", "git blame", "git grep", "git ls-files"),
    *("git rev-parse", "git describe", "git shortlog", "git rev-list", "git merge-base"),
    *("git ls-tree", "git cat-file", "git stash list", "git stash show", "git remote -v"),
    *("git branch --show-current", "git branch --list", "git branch -a", "git branch -vv"),
    *("git tag --list", "git tag -l", "git worktree list"),
    # Versions.
    *("git --version", "python --version", "python3 --version", "node --version", "npm --version"),
    *("pnpm --version", "yarn --version", "bun --version", "cargo --version", "rustc --version"),
    *("go version", "make --version", "gcc --version", "docker --version", "gh --version"),
    *("tsc --version", "npx --version", "pip --version", "uv --version", "java -version"),
)
"""Words of rules; what else a rule of these words covers, and what asks, is as for any other."""
