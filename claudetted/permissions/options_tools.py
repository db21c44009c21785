"""Owns the table of developers' tools: version control, languages, packages, builds, services."""

from claudetted.permissions.options import CARRIES, Program

_GIT_LOG = Program(
    runs="--ext-diff --textconv",
    writes="--output=",
    text="--grep --author --committer --since --until --after --before --format --pretty -S -G -L "
    "--date -n --max-count --diff-filter",
)
_RUNS_OPERAND = Program(code="program")
_FETCHES = Program(code="all")
_EVERYTHING = Program(never="It does things that cannot be told from its words.")
_CONTAINER = "It starts a container that can hold the machine's files."
_COMPOSE = Program(sub=True, runs="-f= --file= --env-file= --project-directory=")
_DOCKER_NOUNS = "container image volume network system builder buildx context service"
_NPM_CODE = "--script-shell= --shell= --node-options= --init-module="
_NPM_PLACE = "--prefix= -C= --userconfig= --globalconfig= --cache= --registry="
_PYTHON = Program(
    runs="-c= -i --check-hash-based-pycs=",
    module="-m",
    takes="-W -X",
    code="first",
    stdin=True,
)
_NODE = Program(
    runs="-e= --eval= -p= --print= -r= --require= --import= --loader= --experimental-loader= "
    "--inspect-brk= --env-file= --test-reporter= -i --interactive",
    writes="--cpu-prof-dir= --diagnostic-dir= --build-snapshot= --redirect-warnings= --cpu-prof",
    code="first",
    stdin=True,
)
_SCRIPTED = Program(
    runs="-e= -E= -r= -c= -n -p -i -I= -M= -m= --eval= -x= --require= -d=", code="first", stdin=True
)
_SHIMS = ("mise", "asdf", "direnv", "pyenv", "rbenv", "nodenv", "coverage")
_DATABASE = Program(never="It runs what its database is told.")
_TEST = Program(
    runs="@ -p= -c= --config-file= --rootdir= --confcutdir= -o= --override-ini= --pdbcls= "
    "--import-mode=",
    writes="--basetemp= --junit-xml= --junitxml= --log-file= --debug= --cov-report= --pastebin=",
    text="-k -m --tb --maxfail -n --durations --deselect -W",
)
_LINT = Program(
    runs="-c= --config= --config-file= --plugin= --load-plugins= --rulesdir= "
    "--resolve-plugins-relative-to= "
    "--parser= -f= --format= --formatter= --python-executable= --init-hook= --require=",
    writes="--fix --fix-only --write -w -i --in-place -o= --output-file= --output= --cache-dir= "
    "--unsafe-fixes --install-types --junit-xml= --add-noqa",
    text="--select --ignore --rule --ext --extend-select",
)
_BUILD = Program(
    runs="-f= --file= --makefile= --eval= -E= -P= -D= -B= --toolchain= -I= --include-dir= -C= "
    "--directory= VAR= -G=",
    takes="-j --jobs -t -k",
    exact=True,
)
_COMPILE = Program(
    runs="-fplugin= -wrapper= -B= -specs= -load= -X= -Wl, -Wa, -Wp, -prefix= -for- @",
    writes="-o= -MF= -save-temps -dump",
    takes="-D -U -std -O -I -L -l -x",
    single=True,
    joined=True,
)

PROGRAMS: dict[str, Program] = {
    "git": Program(
        sub=True,
        runs="-c= --exec-path= --config-env=",
        moves="-C= --git-dir= --work-tree= --namespace= --super-prefix= --attr-source= --bare",
        idle="--no-pager -P --no-optional-locks --literal-pathspecs --no-replace-objects "
        "--no-lazy-fetch",
    ),
    "git *": Program(
        runs="--upload-pack= --receive-pack= --exec= --ext-diff --textconv -O "
        "--open-files-in-pager",
        writes="--output= --output-directory=",
        moves="--template= --separate-git-dir= --pathspec-from-file=",
    ),
    "git status": Program(moves="--pathspec-from-file="),
    "git log": _GIT_LOG,
    "git show": _GIT_LOG,
    "git diff": _GIT_LOG,
    "git shortlog": _GIT_LOG,
    "git whatchanged": _GIT_LOG,
    "git rev-list": _GIT_LOG,
    "git blame": Program(text="-L", moves="--contents= --ignore-revs-file= -S="),
    "git grep": Program(
        runs="-O --open-files-in-pager --ext-grep",
        moves="-f= --no-index",
        text="-e -A -B -C -m",
        texts=1,
        texts_unless="-e -f",
    ),
    "git commit": Program(
        moves="--template= -t= --pathspec-from-file= -F= --file=",
        text="-m --message --author --date --trailer --cleanup -C -c --fixup --squash "
        "--reuse-message",
    ),
    "git tag": Program(
        writes="-d --delete -f --force",
        text="-m --message -u --local-user --format --sort",
        moves="-F= --file=",
    ),
    "git stash": Program(sub=True),
    "git stash *": Program(text="-m --message"),
    "git remote": Program(sub=True),
    "git remote *": Program(exact=True),
    "git config": Program(never="Settings of git can name programs to run."),
    "git submodule": Program(sub=True),
    "git submodule *": Program(code="all"),
    "git bisect": Program(sub=True),
    "git bisect *": Program(code="all"),
    "git worktree": Program(sub=True),
    "git rebase": Program(runs="-x= --exec= -i --interactive -s= --strategy="),
    "git merge": Program(runs="-s= --strategy= -e --edit", text="-m --message", moves="-F="),
    "git cherry-pick": Program(runs="--strategy= -e --edit"),
    "git difftool": Program(never="It runs the tool that settings name."),
    "git mergetool": Program(never="It runs the tool that settings name."),
    "git filter-branch": Program(never="It runs its words as a command."),
    "git hook": Program(code="all"),
    "git credential": Program(never="It gives out what you log in with."),
    "git archive": Program(runs="--exec= --remote=", writes="-o= --output="),
    "git bundle": Program(sub=True),
    "git push": Program(
        runs="--exec= --receive-pack=",
        writes="-f --force --force-with-lease --mirror -d --delete --prune --force-if-includes REF",
        text="-o --push-option",
    ),
    "git clean": Program(writes="-f --force -x -X -d"),
    "git reset": Program(writes="--hard", moves="--pathspec-from-file="),
    "git checkout": Program(writes="-f --force", moves="--pathspec-from-file=", text="-b -B"),
    "git restore": Program(exact=True),
    "git switch": Program(writes="-f --force --discard-changes", text="-c -C"),
    "git branch": Program(
        writes="-D --delete --force -f -M -m --move -C -d", text="--format --sort"
    ),
    "git rm": Program(exact=True, writes="-r"),
    "git mv": Program(exact=True),
    "git init": Program(moves="--template= --separate-git-dir="),
    "git clone": Program(
        runs="-u= --upload-pack= -c= --config=",
        moves="--template= --separate-git-dir= --reference=",
        code="all",
        text="-b --branch --depth",
    ),
    "gh": Program(sub=True),
    "gh *": Program(sub=True),
    "gh * *": Program(
        runs="--web -w --editor -e",
        writes="-o= --output= -O= --dir= -D=",
        text="-t --title -b --body -l --label -q --jq --json -S --search --template",
        moves="-F= --body-file= -R= --repo=",
    ),
    "gh api": Program(code="all", writes="-X= --method= -f= -F= --field= --raw-field= --input="),
    "gh alias": _EVERYTHING,
    "gh extension": _EVERYTHING,
    "gh auth": _EVERYTHING,
    "hg": Program(sub=True, runs="--config= --pager= -R= --cwd="),
    "svn": Program(sub=True, runs="--config-option= --diff-cmd= --editor-cmd="),
    # Python.
    "python": _PYTHON,
    "python3": _PYTHON,
    "python2": _PYTHON,
    "pypy3": _PYTHON,
    "ipython": _PYTHON,
    "pytest": _TEST,
    "py.test": _TEST,
    "unittest": _TEST,
    "tox": Program(runs="-c= -x= --override= --workdir= --root=", text="-e"),
    "nox": Program(runs="-f= --noxfile=", text="-s -k"),
    "mypy": _LINT,
    "ruff": Program(sub=True),
    "ruff *": _LINT,
    "ruff format": _LINT,
    "black": _LINT,
    "flake8": _LINT,
    "pylint": _LINT,
    "isort": _LINT,
    "pyright": _LINT,
    "pip": Program(sub=True, runs="--python=", moves="--config-settings=", writes="--log="),
    "pip3": Program(sub=True, runs="--python=", moves="--config-settings=", writes="--log="),
    "pip *": Program(writes="--log= -t= --target= --prefix= --root= --report="),
    "pip install": Program(code="all", runs="-r= --requirement= -i= --index-url= -e= -f="),
    "pip3 install": Program(code="all", runs="-r= --requirement= -i= --index-url= -e= -f="),
    "pip download": _FETCHES,
    "pip wheel": _FETCHES,
    "pip config": _EVERYTHING,
    "pipx": Program(sub=True),
    "pipx *": _FETCHES,
    "uv": Program(sub=True, moves="--directory= --project= --config-file="),
    "uv *": Program(code="all", moves="--index-url= --index= --default-index="),
    "uv run": Program(
        code="program", runs="--with= --with-editable= --env-file= -m= --module= -s --script"
    ),
    "uv pip": Program(sub=True),
    "uv sync": Program(runs="--index= --default-index="),
    "uvx": Program(code="program", runs="--with= --from= --index="),
    "poetry": Program(sub=True, moves="-C= --directory= -P= --project="),
    "poetry run": _RUNS_OPERAND,
    "poetry add": _FETCHES,
    "pdm": Program(sub=True),
    "pdm run": _RUNS_OPERAND,
    "hatch": Program(sub=True),
    "hatch run": _RUNS_OPERAND,
    "pipenv": Program(sub=True),
    "pipenv run": _RUNS_OPERAND,
    **{name: Program(sub=True) for name in _SHIMS},
    **{f"{name} {verb}": CARRIES for name in _SHIMS for verb in ("exec", "run", "x")},
    "conda": Program(sub=True),
    "conda run": Program(code="program", takes="-n -p"),
    "conda install": _FETCHES,
    # JavaScript.
    "node": _NODE,
    "deno": Program(sub=True),
    "deno *": Program(
        code="first", runs="-A --allow-all --allow-run --allow-write --config= --preload="
    ),
    "bun": Program(sub=True, stdin=True, runs="-e= --eval= -p= -r= --preload= -c= --config="),
    "bun *": Program(code="all", runs="--preload= -r= -c= --config="),
    "npm": Program(sub=True, moves=_NPM_PLACE, runs=_NPM_CODE),
    "npm *": Program(writes="-g --global", moves=_NPM_PLACE, runs=_NPM_CODE),
    "npm run": Program(code="first", moves=_NPM_PLACE, runs=_NPM_CODE),
    "npm run-script": Program(code="first"),
    "npm install": Program(code="all", writes="-g --global", moves=_NPM_PLACE, runs=_NPM_CODE),
    "npm i": Program(code="all", writes="-g --global", moves=_NPM_PLACE, runs=_NPM_CODE),
    "npm add": _FETCHES,
    "npm exec": Program(code="program", runs="-c= --call= -p= --package="),
    "npm x": Program(code="program", runs="-c= --call= -p= --package="),
    "npm init": _FETCHES,
    "npm create": _FETCHES,
    "npm explore": CARRIES,
    "npm config": _EVERYTHING,
    "npm set": _EVERYTHING,
    "npm publish": _EVERYTHING,
    "npx": Program(
        code="program", runs="-c= --call= -p= --package=", idle="-y --yes --no-install --no"
    ),
    "bunx": _RUNS_OPERAND,
    "pnpm": Program(sub=True, moves="-C= --dir= --prefix="),
    "pnpm *": Program(writes="-g --global", code="all"),
    "pnpm test": Program(),
    "pnpm install": Program(code="all", writes="-g --global"),
    "yarn": Program(sub=True, moves="--cwd="),
    "yarn *": Program(code="all"),
    "yarn test": Program(),
    "tsc": Program(
        runs="-p= --project= --plugins=",
        writes="--outDir= --outFile= --declarationDir= --tsBuildInfoFile= --init",
    ),
    "tsx": _NODE,
    "ts-node": _NODE,
    "eslint": _LINT,
    "prettier": _LINT,
    "biome": Program(sub=True),
    "biome *": _LINT,
    "jest": Program(
        runs="-c= --config= --reporters= --runner= --testRunner= --setupFiles= --rootDir= "
        "--globalSetup= --transform= --resolver=",
        writes="--coverageDirectory= --outputFile= -u --updateSnapshot --cacheDirectory=",
        text="-t --testNamePattern",
    ),
    "vitest": Program(
        runs="-c= --config= --reporter= --environment= --globalSetup=",
        writes="--outputFile= -u --update",
        text="-t --testNamePattern",
    ),
    # Other languages and builds.
    "ruby": _SCRIPTED,
    "perl": _SCRIPTED,
    "php": _SCRIPTED,
    "lua": _SCRIPTED,
    "Rscript": _SCRIPTED,
    "julia": _SCRIPTED,
    "osascript": _SCRIPTED,
    "tclsh": _SCRIPTED,
    "bundle": Program(sub=True),
    "bundle exec": _RUNS_OPERAND,
    "gem": Program(sub=True),
    "gem install": _FETCHES,
    "rake": Program(exact=True, runs="-f= -r= -e= -R= -C= -I="),
    "cargo": Program(
        sub=True, runs="--config= -Z=", moves="-C= --manifest-path=", idle="-q --quiet -v --verbose"
    ),
    "cargo *": Program(
        runs="--config= -Z=", writes="--target-dir= --out-dir= --fix", moves="--manifest-path="
    ),
    "cargo run": Program(
        code="all", runs="--config= -Z=", moves="--manifest-path=", takes="--bin -p"
    ),
    "cargo install": Program(code="all", runs="--config= --git=", writes="--root="),
    "cargo add": _FETCHES,
    "cargo fix": _EVERYTHING,
    "rustc": _COMPILE,
    "rustup": Program(sub=True),
    "rustup run": _RUNS_OPERAND,
    "go": Program(sub=True, single=True),
    "go *": Program(
        runs="-exec= -toolexec= -vettool= -overlay= -modfile= -C=",
        writes="-o= -w -coverprofile= -cpuprofile= -memprofile= -trace= -outputdir=",
        text="-run -bench -count -timeout -tags",
        single=True,
    ),
    "go run": Program(code="first", single=True, runs="-exec= -toolexec= -overlay= -modfile="),
    "go install": Program(code="all", single=True, runs="-exec= -toolexec="),
    "go get": _FETCHES,
    "go generate": _EVERYTHING,
    "go env": Program(single=True, writes="-w -u"),
    "gofmt": Program(single=True, writes="-w -cpuprofile=", text="-r"),
    "make": _BUILD,
    "gmake": _BUILD,
    "ninja": _BUILD,
    "cmake": _BUILD,
    "just": Program(runs="-f= --justfile= --shell= -c= --command= -d=", code="all"),
    "gcc": _COMPILE,
    "g++": _COMPILE,
    "cc": _COMPILE,
    "clang": _COMPILE,
    "clang++": _COMPILE,
    "java": Program(
        single=True,
        code="first",
        runs="-jar= -cp= -classpath= -agentlib= -agentpath= -javaagent= @",
    ),
    "javac": Program(single=True, runs="-processor= -processorpath= @", writes="-d= -s= -h="),
    "mvn": Program(exact=True, runs="-f= --file= -s= --settings= -D= -gs="),
    "gradle": Program(exact=True, runs="-b= -c= -I= --init-script= -p= -D= --build-file="),
    "gradlew": Program(exact=True, runs="-b= -c= -I= --init-script= -p= -D="),
    "dotnet": Program(sub=True),
    "swift": Program(sub=True),
    "terraform": Program(sub=True, moves="-chdir=", single=True),
    "terraform apply": _EVERYTHING,
    "terraform destroy": _EVERYTHING,
    "vim": Program(never="An editor can run programs."),
    "vi": Program(never="An editor can run programs."),
    "nvim": Program(never="An editor can run programs."),
    "emacs": Program(never="An editor can run programs."),
    "ed": Program(never="An editor can run programs."),
    "ex": Program(never="An editor can run programs."),
    "gdb": Program(never="A debugger can run programs."),
    "lldb": Program(never="A debugger can run programs."),
    # Services and packages of the machine.
    "docker": Program(sub=True, moves="-H= --host= -c= --context= --config="),
    "docker *": Program(writes="-o= --output= --iidfile= --cidfile="),
    "docker run": Program(carries=True, never=_CONTAINER),
    "docker exec": CARRIES,
    **{f"docker {noun}": Program(sub=True) for noun in _DOCKER_NOUNS.split()},
    "docker container *": Program(exact=True),
    "docker container run": Program(carries=True, never=_CONTAINER),
    "docker container exec": CARRIES,
    "docker compose": _COMPOSE,
    "docker compose exec": CARRIES,
    "docker compose run": CARRIES,
    "docker-compose": _COMPOSE,
    "docker-compose exec": CARRIES,
    "docker-compose run": CARRIES,
    "docker cp": Program(exact=True),
    "podman": Program(sub=True),
    "podman run": Program(carries=True, never=_CONTAINER),
    "podman exec": CARRIES,
    "kubectl": Program(sub=True, moves="--kubeconfig= --context= -s= --server= --token="),
    "kubectl *": Program(exact=True),
    "kubectl exec": CARRIES,
    "kubectl delete": _EVERYTHING,
    "kubectl apply": _EVERYTHING,
    "helm": Program(sub=True, runs="--post-renderer="),
    "aws": Program(sub=True),
    "aws *": Program(code="all"),
    "gcloud": Program(sub=True),
    "gcloud *": Program(code="all"),
    "brew": Program(sub=True),
    "brew install": _FETCHES,
    "apt": Program(sub=True, runs="-o= -c="),
    "apt-get": Program(sub=True, runs="-o= -c="),
    "apt *": Program(code="all"),
    "apt-get *": Program(code="all"),
    "systemctl": Program(sub=True),
    "systemctl *": Program(exact=True),
    "psql": _DATABASE,
    "mysql": _DATABASE,
    "sqlite3": _DATABASE,
    "mongosh": _DATABASE,
    "redis-cli": Program(sub=True),
    # The daemon's own: what an agent could decide about itself.
    "claudette": Program(never="It speaks to the daemon that asks."),
    "claudetted": Program(never="It speaks to the daemon that asks."),
}
