"""Owns the texts of `claudette help`, which the reference and the man page have as well."""

from __future__ import annotations

LEVELS = """\
A chat has a level, which says what its agent may do without asking you:

  readonly   read, list and search in the workspace; nothing else exists for the model
  standard   that unasked; what writes, runs, fetches or leaves the workspace asks (the default)
  confined   everything runs inside a box that the kernel keeps shut; what wants out asks
  full       everything runs, but for what a rule asks about or denies

`claudette level CHAT LEVEL` changes a chat, `claudette level --default LEVEL` all new ones, and
`claudette level --default LEVEL --here` those of this directory. `/permissions LEVEL` does it
inside of a chat. A deny rule holds at every level.
"""

PERMISSIONS = """\
What is not allowed asks: with the exact command and its directory, or with the diff. Nothing runs
until somebody has decided, in whichever client; the first decision counts, and a request waits
for ever. In a chat one key decides; elsewhere:

  claudette inbox                 all that waits, one after the other
  claudette approve ID            once; `--for chat`, workspace or user adds a rule
  claudette deny ID --reason WHY  the agent is told why

A rule is an effect (allow, ask, deny), a tool and what it matches: `allow bash make test`.
`claudette rules` lists them with the built-in ones, `claudette rules rm ID` takes one back,
`claudette rules explain CHAT COMMAND` says what a command would do and why, and `claudette audit`
what was decided by whom. Deny wins over everything; what is unknown asks.
"""

MODELS = """\
`claudette model` picks the model of new chats, `claudette model CHAT` that of one chat; type to
search. A model is named provider/model, such as openrouter/openai/gpt-5. It comes from

  a key       `claudette provider set openrouter`
  a sign-in   `claudette provider login github-copilot`
  a server    Ollama and LM Studio on this machine are found by themselves;
              `claudette backend set ollama --url http://gpu:11434` for one elsewhere

`claudette model --refresh` looks again for what can be used. A chat for which none was chosen
goes by the default of the moment.
"""

KEYS = """\
`claudette provider set NAME` reads a key from the terminal or stdin, never from an argument. It is
shared with Pi (~/.pi/agent/auth.json); `--private` keeps it from Pi, in the system's keychain, or
in a file with `claudette setting private_keys file`. A key in your shell's environment counts as
well: `claudette env refresh` hands it to the daemon. An agent's commands never get a private key.
"""

SERVICE = """\
Without a service the first command starts the daemon. `claudette service install` has it started
at login, by systemd or launchd, ended and started again when it hangs, and kept when it fails:

  claudette service            whether it runs, and what differs from this installation
  claudette service restart    agents go on: a keeper of their own holds them
  claudette service logs       what the service manager says; `claudette logs` has the daemon's
  loginctl enable-linger       goes on after the last logout, and from boot

After an upgrade: `claudette restart`. The service is for the usual data directory; a daemon with
CLAUDETTED_DATA_DIR has socket, keeper and lock of its own. `claudette doctor` finds what is wrong.
"""

REMOTE = """\
Over SSH every command works as it does at home: `ssh host claudette inbox`, or
`ssh -t host claudette attach`. A browser or another machine needs a door, which is closed until
`claudette remote enable`; `claudette remote --help` says how a device is paired and what it may.
"""

SCRIPTING = """\
  claudette -p "Which tests fail?"             one question, the answer, an exit code
  git diff | claudette ask "Review this."      what is piped in comes after the text
  claudette ask @question.md --timeout 600     a file as the question; a limit of time
  claudette ask -c "And now?"                  goes on in the chat last used here
  claudette ask --forget --json "…"            every event as a JSON line, then the answer
  claudette batch FILE.yaml --parallel 3       many prompts over workspaces; --resume goes on
  claudette events -f --after CURSOR           what happens to a chat, from where you were
  claudette wait CHAT                          until nothing runs any more

A list with `--json` is one array, a stream is JSON lines, and `claudette rpc METHOD` calls any
method of the protocol. Without a terminal nobody is asked: a request that waits ends `ask` and
`send --wait` with exit code 6, and the agent waits for `claudette approve`; `--patient` stays.
The exit codes are in `claudette --help`; `batch` exits with that of its worst entry.

The file of a batch is a list in YAML. Only the prompt is needed; paths are relative to the file:

  - prompt: Update the changelog.
    cwd: ../website
    timeout: 900
  - {prompt: Make the page look like this., images: [page.png], cwd: ../server, level: full}

What each entry has become is recorded beside the file, in FILE.yaml.batch.jsonl.
"""

TOPICS = {
    "levels": ("what an agent may do unasked", LEVELS),
    "permissions": ("requests, decisions and rules", PERMISSIONS),
    "models": ("where models come from and how one is chosen", MODELS),
    "keys": ("where keys are kept and who gets them", KEYS),
    "service": ("the daemon at login, upgrades, other instances", SERVICE),
    "remote": ("from other machines", REMOTE),
    "scripting": ("one-shot questions, exit codes, JSON", SCRIPTING),
}
