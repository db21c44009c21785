"""Owns the table of JavaScript and its tools."""

from claudetted.permissions.options import Program

_RUNS_OPERAND = Program(code="program")
_FETCHES = Program(code="all")
_EVERYTHING = Program(never="It does things that cannot be told from its words.")
_NPM = "npm 11.19"
_NPM_CODE = "--script-shell= --shell= --node-options= --init-module= --git= --onload-script="
_NPM_PLACE = (
    "--prefix= -C= --userconfig= --globalconfig= --cache= --registry= -w= --workspace= "
    "--workspaces --logs-dir="
)
_QUIET = "-s --silent -q --quiet"
_INSTALL = (
    f"{_QUIET} --no-audit --no-fund --ignore-scripts --prefer-offline --offline --no-progress"
)


def _npm(harmless: str = "", **more: object) -> Program:
    fields: dict[str, object] = {"runs": _NPM_CODE, "moves": _NPM_PLACE, **more}
    return Program(_NPM, f"{_QUIET} {harmless}", **fields)  # type: ignore[arg-type]


_INSTALLS = _npm(_INSTALL, code="all", writes="-g --global --location=")
_NODE = Program(
    "Node.js 20",
    "-v -c --version --check --test --test-only --test-name-pattern=text --no-warnings "
    "--trace-warnings --no-deprecation --trace-deprecation --enable-source-maps "
    "--max-old-space-size=num --stack-trace-limit=num --unhandled-rejections=word "
    "--experimental-strip-types",
    ends="-v --version --test",
    runs="-e= --eval= -p= --print= -r= --require= --import= --loader= --experimental-loader= "
    "--inspect-brk= --env-file= --test-reporter= -i --interactive",
    writes="--cpu-prof-dir= --diagnostic-dir= --build-snapshot= --redirect-warnings= --cpu-prof "
    "--test-reporter-destination=",
    code="first",
    stdin=True,
)
_LINT_RUNS = (
    "--config= --plugin= --plugins= --rulesdir= --resolve-plugins-relative-to= --parser= "
    "--parser-options= --mcp --flag="
)
_LINT_WRITES = (
    "--fix -w --write -o= --output-file= --cache-location= --cache-file= --fix-type= --init"
)

PROGRAMS: dict[str, Program] = {
    "node": _NODE,
    "tsx": Program(code="first", stdin=True, runs=_NODE.runs),
    "ts-node": Program(code="first", stdin=True, runs=_NODE.runs),
    "deno": Program(sub=True),
    "deno *": Program(
        code="first", runs="-A --allow-all --allow-run --allow-write --config= --preload="
    ),
    "bun": Program(
        "Bun 1.1",
        "-v --version --revision",
        ends="-v --version --revision",
        sub=True,
        stdin=True,
        runs="-e= --eval= -p= -r= --preload= -c= --config=",
    ),
    "bun *": Program(code="all", runs="--preload= -r= -c= --config="),
    "bun test": Program(
        "Bun 1.1",
        "-t=text --test-name-pattern=text --timeout=num --bail[=num] --only --todo --coverage "
        "--rerun-each=num",
        operand=r"(?!-)[\w./@-]+",
        runs="--preload= -r= -c= --config= --env-file=",
    ),
    "npm": Program(
        _NPM,
        f"{_QUIET} -v --version",
        ends="-v --version",
        sub=True,
        moves=_NPM_PLACE,
        runs=_NPM_CODE,
    ),
    "npm test": _npm("--if-present", fixed=True, tail="a test script"),
    "npm t": _npm("--if-present", fixed=True, tail="a test script"),
    "npm run": _npm("--if-present", code="first", tail="a test script"),
    "npm run-script": _npm("--if-present", code="first", tail="a test script"),
    "npm ci": _npm(_INSTALL + " --omit=dev|optional|peer", fixed=True),
    "npm install": _INSTALLS,
    "npm i": _INSTALLS,
    "npm add": _FETCHES,
    "npm ls": _npm("-l -p --depth=num --all --json --long --parseable", texts=-1, reads=True),
    "npm list": _npm("-l -p --depth=num --all --json --long --parseable", texts=-1, reads=True),
    "npm outdated": _npm("-l -p --json --long --parseable", texts=-1, operand="word"),
    "npm audit": _npm("--json --audit-level=word --omit=dev", fixed=True),
    "npm view": _npm("--json", texts=-1, operand=r"@?[A-Za-z0-9][\w.@/-]*"),
    "npm root": _npm(fixed=True),
    "npm prefix": _npm(fixed=True),
    "npm exec": Program(code="program", runs="-c= --call= -p= --package="),
    "npm x": Program(code="program", runs="-c= --call= -p= --package="),
    "npm init": _FETCHES,
    "npm create": _FETCHES,
    "npm explore": Program(carries=True, code="all"),
    "npm config": _EVERYTHING,
    "npm set": _EVERYTHING,
    "npm publish": _EVERYTHING,
    "npx": Program(
        _NPM,
        "--no-install --no --offline -v --version",
        ends="-v --version",
        code="program",
        runs="-c= --call= -p= --package= -y --yes " + _NPM_CODE,
        moves=_NPM_PLACE,
    ),
    "bunx": _RUNS_OPERAND,
    "pnpm": Program(
        "pnpm 9.15",
        "-s --silent -v --version",
        ends="-v --version",
        sub=True,
        moves="-C= --dir= --prefix= -w --workspace-root -F= --filter= -r --recursive",
    ),
    "pnpm *": Program(writes="-g --global", code="all"),
    "pnpm test": Program("pnpm 9.15", _QUIET, fixed=True, tail="a test script"),
    "pnpm run": Program("pnpm 9.15", _QUIET, code="first"),
    "pnpm install": Program(
        "pnpm 9.15",
        "--frozen-lockfile --offline --prefer-offline --ignore-scripts",
        code="all",
        writes="-g --global",
    ),
    "pnpm list": Program("pnpm 9.15", "--depth=num --json --long --prod --dev", texts=-1),
    "yarn": Program(
        "Yarn 1.22", "-s --silent -v --version", ends="-v --version", sub=True, moves="--cwd="
    ),
    "yarn *": Program(code="all"),
    "yarn test": Program("Yarn 1.22", "-s --silent", fixed=True, tail="a test script"),
    "yarn run": Program("Yarn 1.22", "-s --silent", code="first"),
    "tsc": Program(
        "TypeScript 5.6",
        "-noEmit -pretty[?true|false] -skipLibCheck -strict -listFiles -listFilesOnly "
        "-traceResolution -explainFiles -extendedDiagnostics -diagnostics -esModuleInterop "
        "-allowJs -checkJs "
        "-noUnusedLocals -noUnusedParameters -noImplicitAny -strictNullChecks -isolatedModules "
        "-resolveJsonModule -noErrorTruncation -noImplicitReturns "
        "-target=word -module=word -jsx=word -lib=word -moduleResolution=word "
        "-p=local -project=local -v -version",
        ends="-v -version",
        needs="-noEmit",
        runs="-plugins= @",
        writes="-outDir= -outFile= -declarationDir= -tsBuildInfoFile= -init -generateTrace= "
        "-generateCpuProfile= -b -build -w -watch -incremental -composite",
        single=True,
        operand=r"[^-][\s\S]*\.(?:[cm]?[jt]s|[jt]sx)",
    ),
    "eslint": Program(
        "ESLint 9.10",
        "-f=stylish|json|html|json-with-metadata --format=stylish|json|html|json-with-metadata "
        "--ext=text --quiet --max-warnings=num --no-color --color --ignore-pattern=text "
        "--report-unused-disable-directives --no-inline-config "
        "--no-error-on-unmatched-pattern --no-warn-ignored --pass-on-no-patterns --rule=text "
        "-v --version --env-info",
        runs=_LINT_RUNS + " -c=",
        writes=_LINT_WRITES + " --cache",
        plain_values=True,
    ),
    "prettier": Program(
        "Prettier 3.3",
        "-c -l -u --check --list-different --log-level=word --no-color --color "
        "--ignore-unknown --no-error-on-unmatched-pattern --tab-width=num --single-quote "
        "--print-width=num --trailing-comma=word --no-semi --no-config --no-editorconfig "
        "--version",
        runs=_LINT_RUNS,
        moves="--ignore-path= --stdin-filepath= --config-precedence= --with-node-modules",
        writes=_LINT_WRITES + " --cache",
        plain_values=True,
    ),
    "biome": Program("Biome 1.9", "-V --version", ends="-V --version", sub=True),
    **dict.fromkeys(
        ("biome check", "biome lint", "biome format", "biome ci"),
        Program(
            "Biome 1.9",
            "--reporter=word --max-diagnostics=num --colors=word --diagnostic-level=word "
            "--no-errors-on-unmatched --error-on-warnings --verbose",
            runs="--config-path=",
            writes="--write --fix --apply --apply-unsafe --unsafe",
        ),
    ),
    "jest": Program(
        "Jest 29.7",
        "-t=text -i -o -w=word --ci --coverage --bail[=num] --verbose --silent --runInBand "
        "--testNamePattern=text --watch=false --watchAll=false --passWithNoTests --listTests "
        "--findRelatedTests --onlyChanged --no-cache --maxWorkers=word --forceExit "
        "--detectOpenHandles --testPathPattern=text --changedSince=word --colors "
        "--noStackTrace --json --errorOnDeprecated --testTimeout=num --no-coverage --version",
        runs="-c= --config= --reporters= --runner= --testRunner= --setupFiles= --rootDir= "
        "--globalSetup= --transform= --resolver= --env= --testEnvironment= --preset= "
        "--setupFilesAfterEnv= --testSequencer= --snapshotSerializers= --projects=",
        writes="--coverageDirectory= --outputFile= -u --updateSnapshot --cacheDirectory= --init",
        operand=r"(?!-)[\w./\[\]@+()-]+",
        plain_values=True,
    ),
    "vitest": Program(
        "Vitest 2.1",
        "-t=text --run --testNamePattern=text --bail=num --silent --coverage --passWithNoTests "
        "--no-color --reporter=default|verbose|dot|json|basic|tap|tap-flat|junit|"
        "github-actions|hanging-process --changed[=word] --watch=false --no-watch "
        "--maxWorkers=num --retry=num --testTimeout=num --no-coverage --version -v",
        runs="-c= --config= --environment= --globalSetup= -r= --root= --dir= --browser= --pool= "
        "--execArgv=",
        writes="--outputFile= -u --update",
        operand=r"(?!-)[\w./\[\]@+()-]+",
        plain_values=True,
    ),
}
