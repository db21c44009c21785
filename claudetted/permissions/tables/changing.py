"""Owns the table of programs that change files or processes."""

from claudetted.permissions.options import Program

_CORE = "GNU coreutils 9.1"


def _owning(script: str = "") -> Program:
    return Program(
        _CORE,
        "-v -c -f --verbose --changes --silent --quiet",
        exact=True,
        writes="-R --recursive",
        moves="--reference=",
        texts=1,
        script=script,
    )


PROGRAMS: dict[str, Program] = {
    "mkdir": Program(_CORE, "-p -v -m=word --parents --verbose --mode=word"),
    "touch": Program(
        _CORE,
        "-a -c -m -d=text -t=text --no-create --date=text --time=word",
        moves="-r= --reference=",
    ),
    "rm": Program(
        _CORE,
        "-f -v -i -I -d --force --verbose --dir --interactive[=word]",
        writes="-r -R --recursive --no-preserve-root",
        exact=True,
    ),
    "rmdir": Program(_CORE, "-v --verbose --ignore-fail-on-non-empty", exact=True),
    "unlink": Program(_CORE, exact=True),
    "shred": Program(exact=True),
    "mv": Program(
        _CORE,
        "-f -n -v -i -u -T --force --no-clobber --verbose --interactive --update",
        exact=True,
        moves="-t= --target-directory=",
    ),
    "cp": Program(
        _CORE,
        "-p -v -n -i -u -f -a -r -R -d -P -T --preserve[=text] --no-clobber --recursive "
        "--archive --verbose --force --update --no-dereference --reflink[=word] --sparse=word",
        exact=True,
        deep="-r -R -a --recursive --archive",
        moves="-t= --target-directory= -L -H --dereference",
    ),
    "ln": Program(
        _CORE,
        "-s -f -v -n -r -T --symbolic --force --verbose --no-dereference --relative",
        exact=True,
        moves="-t= --target-directory=",
    ),
    "install": Program(exact=True, runs="-s --strip --strip-program="),
    "chmod": _owning(script="mode"),
    "chown": _owning(),
    "chgrp": _owning(),
    "truncate": Program(_CORE, "-s=num -c --size=num --no-create", exact=True),
    "dd": Program(exact=True),
    "tee": Program(_CORE, "-a -i --append --ignore-interrupts", exact=True),
    "sponge": Program("moreutils 0.67", "-a", exact=True),
    "split": Program(runs="--filter=", exact=True),
    "patch": Program(),
    **dict.fromkeys(("kill", "pkill", "killall"), Program(exact=True, texts=-1)),
}
