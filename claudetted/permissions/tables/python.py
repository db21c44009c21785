"""Owns the table of Python and its tools."""

from claudetted.permissions.options import CARRIES, Program

_RUNS_OPERAND = Program(code="program")
_FETCHES = Program(code="all")
_EVERYTHING = Program(never="It does things that cannot be told from its words.")
_SHIMS = ("mise", "asdf", "direnv", "pyenv", "rbenv", "nodenv", "coverage")
_PYTHON = Program(
    "Python 3.11",
    "-V -VV -h -u -B -O -OO -s -S -E -I -q -v -b -bb -P --version --help -m=program "
    "-W=warning -X=dev|utf8|faulthandler|importtime|no_debug_ranges|tracemalloc",
    ends="-V -VV --version -h --help",
    runs="-c= -i --check-hash-based-pycs=",
    code="first",
    stdin=True,
)
_TEST = Program(
    "pytest 8.3",
    "-q -v -x -s -l -r=word -k=text -m=text -n=word -W=warning -p=no --tb=word --maxfail=num "
    "--numprocesses=word --dist=word --durations=num --durations-min=num --lf --ff --nf --sw "
    "--last-failed --failed-first --new-first --stepwise --collect-only --co --no-header "
    "--no-summary --color=word --cov[=local] --cov-report=term|term-missing|term:skip-covered|"
    "term-missing:skip-covered --no-cov --cov-branch --cov-fail-under=num --cov-append "
    "--no-cov-on-fail --strict-markers --strict-config --strict --deselect=text --ignore=path "
    "--ignore-glob=text --timeout=num --reruns=num --showlocals --capture=no|sys|fd|tee-sys "
    "--disable-warnings --disable-pytest-warnings --exitfirst --verbose --quiet "
    "--verbosity=num --fixtures --markers --runxfail --asyncio-mode=word --setup-show "
    "--full-trace --version -V",
    runs="@ -c= --config-file= --rootdir= --confcutdir= -o= --override-ini= --pdbcls= "
    "--import-mode= --pyargs --doctest-modules --inifile=",
    writes="--basetemp= --junit-xml= --junitxml= --log-file= --debug= --pastebin= --report-log=",
)
_RUFF = (
    "-q -s -v --quiet --silent --verbose --exclude=text --no-cache "
    "--isolated --force-exclude --respect-gitignore --preview --target-version=word "
    "--line-length=num --diff"
)
_LINT_RUNS = (
    "-c= --config= --config-file= --plugin= --load-plugins= --rcfile= --init-hook= "
    "--python-executable= --require-plugins= --enable-extensions= --append-config="
)
_LINT_WRITES = (
    "--fix --fix-only -w -i --in-place -o= --output-file= --cache-dir= --unsafe-fixes "
    "--install-types --junit-xml= --add-noqa --tee"
)
_PIP = Program(
    "pip 23.0",
    "-V --version",
    ends="-V --version",
    sub=True,
    runs="--python=",
    moves="--config-settings=",
    writes="--log=",
)
_PIP_INSTALL = Program(
    "pip 23.0",
    "-q -v -U --quiet --upgrade --no-deps --no-cache-dir --disable-pip-version-check",
    code="all",
    runs="-r= --requirement= -i= --index-url= --extra-index-url= -e= --editable= -f= "
    "--find-links= -c= --constraint=",
    writes="-t= --target= --prefix= --root= --report=",
)


def _reader(options: str) -> Program:
    return Program("pip 23.0", options, reads=True, texts=-1, writes="--log= --report=")


_PIP_READS = {
    "list": _reader(
        "-o -u -e -l --outdated --editable --local --user --format=word --not-required"
    ),
    "show": _reader("-f -v --files --verbose"),
    "freeze": _reader("-l --local --user --all --exclude=word --exclude-editable"),
    "check": _reader(""),
}

PROGRAMS: dict[str, Program] = {
    **dict.fromkeys(("python", "python3", "python2", "pypy3", "ipython"), _PYTHON),
    "pytest": _TEST,
    "py.test": _TEST,
    "unittest": Program(
        "Python 3.11",
        "-v -q -f -b -k=text -s=path -p=text --verbose --quiet --failfast --buffer --locals",
        moves="-t= --top-level-directory=",
    ),
    "json.tool": Program(
        "Python 3.11",
        "--sort-keys --no-ensure-ascii --json-lines --indent=num --tab --compact --no-indent",
        output=2,
        reads=True,
    ),
    "tox": Program(
        "tox 4", "-e=word -q -v", fixed=True, runs="-c= -x= --override= --workdir= --root="
    ),
    "nox": Program("nox 2024.10", "-s=word -l --list", fixed=True, runs="-f= --noxfile= -k="),
    "mypy": Program(
        "mypy 1.11",
        "-v -p=module -m=module --strict --pretty --show-error-codes --ignore-missing-imports "
        "--no-error-summary --no-incremental --no-color-output --show-error-context "
        "--show-column-numbers --check-untyped-defs --disallow-untyped-defs "
        "--disallow-incomplete-defs --disallow-any-generics --disallow-untyped-calls "
        "--warn-unused-ignores --warn-return-any --warn-unreachable --warn-redundant-casts "
        "--warn-unused-configs --no-implicit-optional --strict-optional --strict-equality "
        "--python-version=num --platform=word --exclude=text --follow-imports=word "
        "--package=module --module=module --namespace-packages --explicit-package-bases "
        "--no-site-packages --enable-error-code=word --disable-error-code=word "
        "--hide-error-context --hide-error-codes --version -V",
        runs=_LINT_RUNS + " @",
        writes=_LINT_WRITES,
    ),
    "ruff": Program("ruff 0.6.9", "-V --version", ends="-V --version", sub=True, runs="--config="),
    "ruff check": Program(
        "ruff 0.6.9",
        f"{_RUFF} --extend-exclude=text --select=text --ignore=text --extend-select=text "
        "--extend-ignore=text "
        "--output-format=word --statistics --no-fix --exit-zero --show-fixes --show-files "
        "--per-file-ignores=text",
        runs=_LINT_RUNS + " @",
        writes=_LINT_WRITES,
    ),
    "ruff format": Program("ruff 0.6.9", f"{_RUFF} --check", runs=_LINT_RUNS + " @"),
    "black": Program(
        "black 24.10",
        "-q -v -S -C -l=num -t=word --check --diff --quiet --verbose --line-length=num "
        "--target-version=word --skip-string-normalization --skip-magic-trailing-comma --color "
        "--no-color --fast --safe --exclude=text --extend-exclude=text --include=text --preview "
        "--workers=num --version",
        runs=_LINT_RUNS,
    ),
    "flake8": Program(
        "flake8 7.5",
        "-q -v -j=num --max-line-length=num --select=word --ignore=word --extend-ignore=word "
        "--extend-select=word --count --statistics --show-source --max-complexity=num "
        "--exclude=text --extend-exclude=text --per-file-ignores=text --format=default|pylint "
        "--version",
        runs=_LINT_RUNS,
        writes=_LINT_WRITES,
    ),
    "pylint": Program(
        "pylint 3.3",
        "-E -d=text -e=text -j=num -s=y|n -r=y|n --errors-only --disable=text --enable=text "
        "--jobs=num --score=y|n --reports=y|n -f=text|json|json2|colorized|parseable "
        "--output-format=text|json|json2|colorized|parseable --max-line-length=num --version",
        runs=_LINT_RUNS,
        writes=_LINT_WRITES,
    ),
    "isort": Program(
        "isort 5.13",
        "-c -q -v --check --check-only --diff --quiet --verbose "
        "--profile=black|django|pycharm|google|open_stack|plone|attrs|hug|wemake|appnexus "
        "--line-length=num -l=num --version",
        runs="--sp= --settings-path= --settings-file= --settings=",
        writes=_LINT_WRITES,
    ),
    "pyright": Program(
        "pyright 1.1.380",
        "--outputjson --stats --verbose --warnings --level=word --version",
        runs="--pythonpath= -p= --project= -v= --venvpath= --venv-path=",
        writes="--createstub=",
    ),
    "pip": _PIP,
    "pip3": _PIP,
    **{f"{pip} {verb}": entry for pip in ("pip", "pip3") for verb, entry in _PIP_READS.items()},
    "pip install": _PIP_INSTALL,
    "pip3 install": _PIP_INSTALL,
    "pip download": _FETCHES,
    "pip wheel": _FETCHES,
    "pip config": _EVERYTHING,
    "pipx": Program(sub=True),
    "pipx *": _FETCHES,
    "uv": Program(
        "uv 0.4.30 and 0.13",
        "-q -v -V --quiet --verbose --offline --no-progress --version",
        ends="-V --version",
        sub=True,
        moves="--directory= --project= --config-file=",
    ),
    "uv *": Program(code="all", moves="--index-url= --index= --default-index="),
    "uv run": Program(
        "uv 0.4.30 and 0.13",
        "-q -v --quiet --verbose --frozen --locked --no-sync --offline --all-extras --dev "
        "--no-dev --isolated --extra=name --group=name",
        code="program",
        runs="--with= --with-editable= --with-requirements= --env-file= -m= --module= -s "
        "--script -p= --python= --index= --directory=",
    ),
    "uv sync": Program(
        "uv 0.4.30 and 0.13",
        "-q -v --quiet --verbose --frozen --locked --offline --all-extras --dev --no-dev "
        "--all-groups --extra=name --group=name --no-install-project",
        runs="--index= --default-index= -p= --python=",
        fixed=True,
    ),
    "uv lock": Program(
        "uv 0.4.30 and 0.13", "-q --quiet --check --locked --offline --dry-run", fixed=True
    ),
    "uv tree": Program(
        "uv 0.4.30 and 0.13", "-q -d=num --depth=num --frozen --locked --outdated", fixed=True
    ),
    "uv pip": Program("uv 0.4.30 and 0.13", sub=True),
    **{f"uv pip {verb}": entry for verb, entry in _PIP_READS.items()},
    "uvx": Program(code="program", runs="--with= --from= --index="),
    **{name: Program(sub=True) for name in ("poetry", "pdm", "hatch", "pipenv")},
    **{f"{name} run": _RUNS_OPERAND for name in ("poetry", "pdm", "hatch", "pipenv")},
    "poetry add": _FETCHES,
    **{name: Program(sub=True) for name in _SHIMS},
    **{f"{name} {verb}": CARRIES for name in _SHIMS for verb in ("exec", "run", "x")},
    "coverage report": Program(
        "coverage 7.6",
        "-m -i --show-missing --skip-covered --skip-empty --precision=num",
        fixed=True,
    ),
    "conda": Program(sub=True),
    "conda run": _RUNS_OPERAND,
    "conda install": _FETCHES,
}
