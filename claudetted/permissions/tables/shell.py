"""Owns the table of the shell's own commands, and of the programs that run other ones."""

from claudetted.permissions.options import CARRIES, Program

_BASH = "bash 5.2"
_SAYS = Program(_BASH, "-ANY", reads=True, texts=-1, tame=True)
_CHANGES = "It changes the shell for what follows."
_TEST = Program(
    _BASH,
    "-a -b -c -d -e -f -g -h -k -n -o -p -r -s -t -u -w -x -z -G -L -N -O -S "
    "-nt -ot -ef -eq -ne -lt -le -gt -ge",
    reads=True,
    texts=-1,
    single=True,
    runs="-v -R",
)
_SHELL = Program(
    _BASH,
    "--version",
    ends="--version",
    carries=True,
    runs="-c= --rcfile= --init-file= -i --login -l -o= -O=",
    code="first",
    stdin=True,
)
_CARRIERS = (
    "taskset chrt numactl setarch linux32 linux64 prlimit choom runuser setpriv sg gosu su-exec "
    "tini dumb-init fakeroot bwrap firejail proot proxychains torsocks rlwrap unbuffer xvfb-run "
    "dbus-run-session valgrind perf hyperfine nodemon watchexec concurrently cross-env dotenv op "
    "flock chroot unshare nsenter timeout"
)
_CHANGING = (
    "export declare typeset local readonly unset shopt alias unalias enable hash mapfile "
    "readarray getopts let pushd popd umask ulimit"
)
_RUNS_WORDS = Program(carries=True, never="It runs its words as a command.")
_RUNS_FILE = Program(never="It runs a file in this shell.")
_RUNS_REST = Program(code="program")

PROGRAMS: dict[str, Program] = {
    "cd": Program(_BASH, "-P -L", reads=True),
    "pwd": Program(_BASH, "-P -L --logical --physical", reads=True, tame=True, texts=-1),
    "true": _SAYS,
    "false": _SAYS,
    ":": _SAYS,
    "echo": Program(_BASH, "-n -e -E -ANY", reads=True, tame=True, texts=-1),
    "printf": Program(_BASH, writes="-v=", texts=-1, reads=True),
    "exit": _SAYS,
    "return": _SAYS,
    "sleep": Program("GNU coreutils 9.1", reads=True, tame=True, texts=-1, operand="num"),
    "wait": Program(_BASH, "-n", reads=True, texts=-1, runs="-p="),
    "jobs": Program(_BASH, "-l -p -r -s", reads=True, texts=-1, runs="-x", carries=True),
    "test": _TEST,
    "[": _TEST,
    "[[": Program(
        _BASH,
        "-a -b -c -d -e -f -g -h -k -n -o -p -r -s -t -u -w -x -z -G -L -N -O -S -nt -ot -ef",
        reads=True,
        single=True,
        runs="-v -R -eq -ne -lt -le -gt -ge",
    ),
    "type": Program(_BASH, "-a -t -p -P -f", reads=True, tame=True, texts=-1),
    "which": Program("debianutils 5.7", "-a -s", reads=True, tame=True, texts=-1),
    "whereis": Program("util-linux 2.38", "-b -m -s", reads=True, tame=True, texts=-1),
    "command": Program(_BASH, "-v -V", reads=True, texts=-1),
    "read": Program(_BASH, "-r", texts=-1, operand="own"),
    "set": Program(_BASH, "-e -u -o=pipefail|errexit|nounset", fixed=True),
    **dict.fromkeys(_CHANGING.split(), Program(never=_CHANGES)),
    "source": _RUNS_FILE,
    ".": _RUNS_FILE,
    **dict.fromkeys(("eval", "trap", "fc", "bind", "complete"), _RUNS_WORDS),
    "coproc": _RUNS_REST,
    **dict.fromkeys(("sh", "bash", "zsh", "dash", "ksh", "fish"), _SHELL),
    "sudo": Program(code="program", moves="-D= -R= -i -s -u= -g= -h= -p= -C= -T= -U= -r= -t="),
    "doas": Program(code="program", moves="-u= -C= -s"),
    "su": Program(carries=True, code="all", stdin=True, runs="-c= --command= -s= --shell="),
    "pkexec": Program(code="program", moves="--user="),
    "env": Program(
        code="program", runs="-S= --split-string=", moves="-C= --chdir= -i --ignore-environment -u="
    ),
    "xargs": Program(
        "GNU findutils 4.9.0",
        "-n=num -P=num -I=text -L=num -d=text -s=num -0 -r -t --null --no-run-if-empty "
        "--max-args=num --max-procs=num --delimiter=text --max-lines[=num] --verbose",
        code="program",
        fed=True,
        moves="-a= --arg-file= -E=",
        runs="-o --open-tty -p --interactive",
    ),
    "parallel": Program(code="program", stdin=True),
    "watch": Program(code="program"),
    "entr": _RUNS_REST,
    **dict.fromkeys(_CARRIERS.split(), CARRIES),
    "strace": Program(code="program", writes="-o=", moves="-e= -p= -s= -S= -E= -P="),
    "ltrace": Program(code="program", writes="-o="),
    "time": Program(code="program", writes="-o= --output= -a"),
    **dict.fromkeys(
        ("nohup", "nice", "exec", "builtin", "stdbuf", "setsid", "ionice", "caffeinate"), _RUNS_REST
    ),
    "busybox": _RUNS_REST,
    "toybox": _RUNS_REST,
    "script": Program(carries=True, runs="-c= --command=", exact=True),
    "systemd-run": _RUNS_REST,
    "screen": Program(carries=True, code="all", stdin=True),
    "tmux": Program(sub=True, runs="-c= -f="),
    "at": Program(carries=True, stdin=True, code="all"),
    "batch": Program(stdin=True, code="all"),
    "crontab": Program(exact=True, stdin=True, code="all"),
    "a script": Program(
        "this table", "--help --version -v --verbose -q --quiet --silent", fixed=True
    ),
    "a test script": Program(
        "this table",
        "--help --version -v --verbose -q --quiet --silent --watch=false --watchAll=false --run "
        "--ci --bail --runInBand --passWithNoTests",
        operand=r"(?!-)[\w./@-]*[._](?:test|spec)\.[cm]?[jt]sx?",
    ),
}
