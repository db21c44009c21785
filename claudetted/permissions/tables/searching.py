"""Owns the table of programs that search, pick and transform what they read."""

from claudetted.permissions.options import Program

_GREP = Program(
    "GNU grep 3.8",
    "-E -F -G -P -i -y -v -w -x -c -l -L -n -H -h -o -q -s -a -I -z -Z -b -T -r "
    "-A=num -B=num -C=num -m=num -NUM -e=text -f=path "
    "--extended-regexp --fixed-strings --basic-regexp --perl-regexp --ignore-case "
    "--no-ignore-case --invert-match --word-regexp --line-regexp --count --files-with-matches "
    "--files-without-match --line-number --with-filename --no-filename --only-matching --quiet "
    "--silent --no-messages --text --null-data --null --byte-offset --initial-tab --recursive "
    "--line-buffered --after-context=num --before-context=num --context[=num] --max-count=num "
    "--regexp=text --file=path --include=text --exclude=text --exclude-dir=text --label=text "
    "--color[=always|never|auto] --colour[=always|never|auto] "
    "--binary-files=binary|text|without-match",
    reads=True,
    deep="-r --recursive -R --dereference-recursive -d --directories",
    moves="-R --dereference-recursive -d= --directories= -D= --devices= --exclude-from=",
    texts=1,
    texts_unless="-e --regexp -f --file",
)
_AWK = Program(
    "mawk 1.3.4 and gawk 5.2",
    # Its long options are none to every awk: what follows them would be the program.
    "-F=text -v=variable -e=awk",
    reads=True,
    runs="-f= --file= -i= --include= -l= --load= -E= --exec= -D --debug -W=",
    writes="-o= --pretty-print -d --dump-variables -p --profile",
    texts=1,
    texts_unless="-e --source",
    script="awk",
)

PROGRAMS: dict[str, Program] = {
    "grep": _GREP,
    "egrep": _GREP,
    "fgrep": _GREP,
    "rg": Program(
        "ripgrep 13.0 and 15.2",
        "-i -S -s -v -w -x -c -l -n -N -H -I -o -q -F -P -U -u -0 -a -p -h -. "
        "-A=num -B=num -C=num -m=num -M=num -d=num -j=num -e=text -g=text -t=word -T=word -r=text "
        "--after-context=num --before-context=num --context=num --max-count=num "
        "--max-columns=num --max-depth=num --max-filesize=num --threads=num --regexp=text "
        "--glob=text --iglob=text --type=word --type-not=word --replace=text --hidden "
        "--no-ignore --no-ignore-vcs --files --type-list --count --count-matches "
        "--files-with-matches --files-without-match --json --stats --sort=word --sortr=word "
        "--color=word --heading --no-heading --no-messages --vimgrep --trim --passthru "
        "--multiline --multiline-dotall --pcre2 --crlf --null --context-separator=text "
        "--column --line-number --no-line-number --one-file-system --case-sensitive "
        "--ignore-case --smart-case --fixed-strings --word-regexp --line-regexp --invert-match "
        "--only-matching --quiet --unrestricted --text --engine=word --no-config --include-zero "
        "--with-filename --no-filename --no-follow --pretty --version",
        reads=True,
        deep="always",
        runs="--pre= --hostname-bin= --search-zip -z",
        moves="-f= --file= -L --follow --ignore-file=",
        texts=1,
        texts_unless="-e --regexp -f --file --files --type-list",
    ),
    "ag": Program(reads=True, deep="always", runs="--pager=", moves="-f --follow -p="),
    "fd": Program(
        "fd 8.6.0",
        "-H -I -u -s -i -g -F -a -p -0 -q -1 -e=text -t=word -d=num -E=text -S=text -o=text -j=num "
        "-c=word --hidden --no-ignore --no-ignore-vcs --case-sensitive --ignore-case --glob "
        "--regex --fixed-strings --absolute-path --full-path --print0 --extension=text "
        "--type=word --max-depth=num --min-depth=num --exact-depth=num --exclude=text "
        "--size=text --changed-within=text --changed-before=text --owner=text --max-results=num "
        "--color=word --threads=num --show-errors --one-file-system --strip-cwd-prefix --prune "
        "--unrestricted --quiet --search-path=path",
        reads=True,
        runs="-x= --exec= -X= --exec-batch= -l --list-details",
        moves="-L --follow --ignore-file= --base-directory=",
        texts=1,
    ),
    "find": Program(
        "GNU findutils 4.9.0",
        "-P -name=text -iname=text -path=text -ipath=text -wholename=text -iwholename=text "
        "-regex=text -iregex=text -regextype=word -type=text -xtype=text -size=text -mtime=text "
        "-mmin=text -ctime=text -cmin=text -atime=text -amin=text -newermt=text -newerct=text "
        "-newerat=text -newer=path -anewer=path -cnewer=path -samefile=path -maxdepth=num "
        "-mindepth=num -perm=text -user=word -group=word -uid=text -gid=text -links=text "
        "-inum=text -lname=text -fstype=word -nouser -nogroup -printf=text -print -print0 -ls "
        "-prune -quit -or -o -and -a -not -empty -executable -readable -writable -true -false "
        "-mount -xdev -depth -d -daystart -noleaf -ignore_readdir_race -E",
        carries=True,
        carries_behind="-exec -execdir -ok -okdir",
        reads=True,
        single=True,
        runs="-exec= -execdir= -ok= -okdir=",
        writes="-delete -fprint= -fprintf= -fprint0= -fls=",
        moves="-files0-from= -L -H -follow",
    ),
    "locate": Program("plocate 1.1", "-i -c -l=num -b", reads=True, texts=-1),
    "jq": Program(
        "jq 1.6",
        "-r -n -c -s -S -e -R -j -a -C -M --tab --raw-output --null-input --compact-output "
        "--slurp --sort-keys --exit-status --raw-input --join-output --ascii-output "
        "--color-output --monochrome-output --indent=num --unbuffered --stream --seq "
        "--arg=text+text --argjson=text+text --slurpfile=text+path --rawfile=text+path",
        reads=True,
        runs="-L= --from-file -f --run-tests",
        texts=1,
        script="jq",
    ),
    "yq": Program(),
    "sed": Program(
        "GNU sed 4.9",
        "-n -E -r -s -u -z -e=sed --expression=sed --quiet --silent --regexp-extended "
        "--null-data --separate --unbuffered --posix --sandbox",
        reads=True,
        runs="-f= --file=",
        writes="-i --in-place -I",
        texts=1,
        texts_unless="-e --expression",
        script="sed",
    ),
    "awk": _AWK,
    "gawk": _AWK,
    "mawk": _AWK,
    "nawk": _AWK,
}
