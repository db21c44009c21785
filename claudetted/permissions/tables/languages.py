"""Owns the table of other languages, compilers and builds."""

from claudetted.permissions.options import Program

_FETCHES = Program(code="all")
_EVERYTHING = Program(never="It does things that cannot be told from its words.")
_RUNS_OPERAND = Program(code="program")
_SCRIPTED = Program(
    "Ruby 3.1, Perl 5.36, PHP 8.2, Lua 5.4",
    "--version",
    ends="--version",
    runs="-e= -E= -r= -c= -n -p -i -I= -M= -m= --eval= -x= --require= -d=",
    code="first",
    stdin=True,
)
_CARGO_VERSION = "cargo 1.95"
_CARGO_RUNS = "--config= -Z= --target-dir= --artifact-dir= --out-dir="
_CARGO = (
    "-r -q -v -vv -p=name -F=text -j=num --release --package=name --workspace --all "
    "--all-targets --all-features --features=text --no-default-features --lib --bins --tests "
    "--benches --examples --bin=name --test=name --example=name --bench=name --doc --jobs=num "
    "--quiet --verbose --locked --offline --frozen --no-run --no-fail-fast --keep-going "
    "--message-format=word --profile=name --exclude=name --color=word --target=name"
)


def _cargo(more: str = "", tail: str = "", **flags: bool) -> Program:
    return Program(
        _CARGO_VERSION,
        f"{_CARGO} {more}",
        runs=_CARGO_RUNS,
        writes="--fix --open --allow-dirty",
        moves="--manifest-path= -C=",
        tail=tail,
        **flags,  # type: ignore[arg-type]
    )


_GO = "Go 1.22"
_GO_RUNS = (
    "-exec= -toolexec= -vettool= -overlay= -modfile= -C= -ldflags= -gcflags= -asmflags= "
    "-gccgoflags= -compiler= -pkgdir= -args"
)
_GO_WRITES = (
    "-o= -w -u -coverprofile= -cpuprofile= -memprofile= -blockprofile= -mutexprofile= -trace= "
    "-outputdir= -c"
)
_GO_BUILD = "-v -race -tags=word -p=num -a -mod=mod|readonly|vendor -trimpath -n -json"


def _go(harmless: str, **more: object) -> Program:
    fields: dict[str, object] = {"runs": _GO_RUNS, "writes": _GO_WRITES, "single": True, **more}
    return Program(_GO, harmless, **fields)  # type: ignore[arg-type]


_MAKE = Program(
    "GNU Make 4.3",
    "-s -j[?num] -k -n -B -w -q -v -O[=word] --silent --quiet --jobs[?num] --keep-going "
    "--dry-run --just-print --always-make --no-print-directory --print-directory "
    "--output-sync[=word] --trace --version",
    ends="-v --version",
    runs="-f= --file= --makefile= --eval= -E= -I= --include-dir= -C= --directory= VAR -W= -o= "
    "--what-if= --old-file=",
    exact=True,
)
_COMPILER = Program(
    "gcc 12.2",
    "--version -dumpversion -dumpmachine",
    ends="--version -dumpversion -dumpmachine",
    single=True,
    fixed=True,
    runs="@",
)
_EDITOR = Program(never="An editor can run programs.")
_DEBUGGER = Program(never="A debugger can run programs.")

PROGRAMS: dict[str, Program] = {
    **dict.fromkeys(
        ("ruby", "perl", "php", "lua", "Rscript", "julia", "osascript", "tclsh"), _SCRIPTED
    ),
    "bundle": Program(sub=True),
    "bundle exec": _RUNS_OPERAND,
    "gem": Program(sub=True),
    "gem install": _FETCHES,
    "rake": Program(exact=True, runs="-f= -r= -e= -R= -C= -I="),
    "cargo": Program(
        _CARGO_VERSION,
        "-q -v -vv -V --quiet --verbose --locked --offline --frozen --color=word --version",
        ends="-V --version",
        sub=True,
        runs="--config= -Z=",
        moves="-C= --manifest-path=",
    ),
    "cargo test": _cargo(tail="a Rust test"),
    "cargo bench": _cargo(tail="a Rust test"),
    "cargo build": _cargo(fixed=True),
    "cargo check": _cargo(fixed=True),
    "cargo clippy": _cargo("--no-deps", tail="rustc's lints", fixed=True),
    "cargo doc": _cargo("--no-deps --document-private-items", fixed=True),
    "cargo run": Program(
        _CARGO_VERSION, _CARGO, runs=_CARGO_RUNS, moves="--manifest-path=", code="all"
    ),
    "cargo fmt": Program(
        _CARGO_VERSION,
        "-q -v -p=name --all --check --quiet --verbose --package=name",
        fixed=True,
        moves="--manifest-path=",
        tail="rustfmt",
    ),
    "cargo tree": Program(
        _CARGO_VERSION,
        "-p=name -i=name -e=word -d -F=text --package=name --invert=name --edges=word "
        "--duplicates --depth=num --workspace --all-features --no-default-features "
        "--features=text --locked --offline --frozen --prefix=word --no-dedupe",
        fixed=True,
        runs="--config= -Z=",
        moves="--manifest-path=",
    ),
    "cargo metadata": Program(
        _CARGO_VERSION,
        "-q --format-version=num --no-deps --locked --offline --frozen --quiet",
        fixed=True,
        runs="--config= -Z=",
        moves="--manifest-path=",
    ),
    "cargo install": Program(code="all", runs="--config= --git=", writes="--root="),
    "cargo add": _FETCHES,
    "cargo fix": _EVERYTHING,
    "a Rust test": Program(
        "libtest of Rust 1.81",
        "-q --nocapture --no-capture --show-output --quiet --ignored --include-ignored --exact "
        "--list --test-threads=num --skip=text --color=word",
        writes="--logfile=",
        texts=-1,
    ),
    "rustc's lints": Program("rustc 1.81", "-D=word -W=word -A=word", fixed=True),
    "rustfmt": Program("rustfmt 1.7", "-q -v -l --check --edition=num --color=word", exact=True),
    "rustc": Program("rustc 1.81", "-V -vV --version", ends="-V -vV --version", fixed=True),
    "rustup": Program(sub=True),
    "rustup run": _RUNS_OPERAND,
    "go": Program(_GO, sub=True, single=True),
    "go version": _go("-m -v"),
    "go test": _go(
        f"{_GO_BUILD} -run=text -skip=text -bench=text -benchtime=text -benchmem -count=num "
        "-timeout=text -short -cover -covermode=word -coverpkg=text -parallel=num -failfast "
        "-list=text -shuffle=word -cpu=text -vet=name|off",
        operand=r"(?!-)[\w./-]+",
    ),
    "go build": _go(_GO_BUILD, operand=r"(?!-)[\w./-]+"),
    "go vet": _go(_GO_BUILD, operand=r"(?!-)[\w./-]+"),
    "go list": _go(
        "-m -json -f=text -deps -test -e -compiled -export -find -mod=mod|readonly|vendor "
        "-tags=word",
        texts=-1,
        operand=r"(?!-)[\w./@-]+",
    ),
    "go doc": _go("-all -src -short -c -cmd", texts=-1, operand=r"(?!-)[\w./@-]+", writes=""),
    "go env": _go("-json", texts=-1, operand="name"),
    "go fmt": _go("-n -x", operand=r"(?!-)[\w./-]+"),
    "go mod": Program(_GO, sub=True, single=True),
    "go mod tidy": _go("-v", fixed=True),
    "go mod verify": _go("", fixed=True),
    "go mod graph": _go("", fixed=True),
    "go mod download": _go("-x -json", fixed=True),
    "go mod why": _go("-m", texts=-1, operand=r"(?!-)[\w./@-]+"),
    "go run": Program(code="first", single=True, runs=_GO_RUNS),
    "go install": Program(code="all", single=True, runs=_GO_RUNS),
    "go get": _FETCHES,
    "go generate": _EVERYTHING,
    "gofmt": Program(_GO, "-l -d -s -e -r=text", single=True, writes="-w -cpuprofile="),
    "make": _MAKE,
    "gmake": _MAKE,
    **dict.fromkeys(("ninja", "cmake"), Program(exact=True)),
    "just": Program(runs="-f= --justfile= --shell= -c= --command= -d=", code="all"),
    **dict.fromkeys(("gcc", "g++", "cc", "clang", "clang++"), _COMPILER),
    "java": Program(
        "OpenJDK 17",
        "-version -help",
        ends="-version -help",
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
    **dict.fromkeys(("vim", "vi", "nvim", "emacs", "ed", "ex"), _EDITOR),
    **dict.fromkeys(("gdb", "lldb"), _DEBUGGER),
}
