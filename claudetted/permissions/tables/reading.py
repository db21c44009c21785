"""Owns the table of programs that only look at files or at the machine."""

from claudetted.permissions.options import Program

_CORE = "GNU coreutils 9.1"
_UTIL = "util-linux 2.38"
_HASH = Program(_CORE, "-b -t -z --binary --text --tag --zero", reads=True)
_NAMES = Program(_CORE, "-z --zero", reads=True, tame=True, texts=-1)

PROGRAMS: dict[str, Program] = {
    "ls": Program(
        _CORE,
        "-a -A -l -h -1 -t -r -S -R -d -F -i -s -n -g -G -o -p -c -u -v -x -X -C -m -k -Q -b -q "
        "-N -U -f -B --all --almost-all --human-readable --reverse --recursive --directory --size "
        "--inode --classify[=word] --color[=word] --group-directories-first --sort=word "
        "--time=word --time-style=text --full-time --no-group --file-type --si --width=num "
        "--hide=text --ignore=text --ignore-backups --format=word --numeric-uid-gid --author",
        reads=True,
        tame=True,
    ),
    "cat": Program(
        _CORE,
        "-n -b -s -A -e -E -t -T -u -v --number --number-nonblank --squeeze-blank --show-all "
        "--show-ends --show-tabs --show-nonprinting",
        reads=True,
        tame=True,
    ),
    "tac": Program(_CORE, "-b -r -s=text --before --regex --separator=text", reads=True, tame=True),
    "nl": Program(
        _CORE,
        "-b=text -n=word -w=num -s=text -v=num -i=num --body-numbering=text",
        reads=True,
        tame=True,
    ),
    "rev": Program(_UTIL, reads=True, tame=True),
    "fold": Program(_CORE, "-w=num -s -b --width=num --spaces --bytes", reads=True, tame=True),
    "expand": Program(_CORE, "-t=num -i --tabs=num --initial", reads=True, tame=True),
    "unexpand": Program(_CORE, "-t=num -a --tabs=num --all", reads=True, tame=True),
    "head": Program(
        _CORE,
        "-n=num -c=num -q -v -z -NUM --lines=num --bytes=num --quiet --silent --verbose",
        reads=True,
        tame=True,
    ),
    "tail": Program(
        _CORE,
        "-n=num -c=num -q -v -z -f -F -s=num -NUM --lines=num --bytes=num --quiet --silent "
        "--verbose --follow[=name|descriptor] --retry --pid=num --sleep-interval=num",
        reads=True,
        tame=True,
    ),
    "wc": Program(
        _CORE,
        "-l -w -c -m -L --lines --words --bytes --chars --max-line-length",
        reads=True,
        moves="--files0-from=",
    ),
    "stat": Program(_CORE, "-c=text --format=text --printf=text", reads=True, tame=True),
    "file": Program(
        "file 5.44",
        "-b -i -k -N -r -h -F=text --brief --mime --mime-type --mime-encoding --keep-going "
        "--no-dereference --extension --separator=text",
        reads=True,
        runs="-m= --magic-file= -z -Z --uncompress -S --no-sandbox",
        moves="-f= --files-from=",
        writes="-C --compile",
    ),
    "du": Program(
        _CORE,
        "-s -h -a -c -k -m -b -x -S -d=num -t=num --max-depth=num --summarize --human-readable "
        "--all --total --apparent-size --bytes --si --exclude=text --one-file-system "
        "--threshold=num --time[=word] --separate-dirs",
        reads=True,
        moves="--files0-from= -L --dereference -X= --exclude-from=",
    ),
    "df": Program(
        _CORE, "-h -H -T -i -k -m -l -P -a --total --human-readable --local --all", reads=True
    ),
    "tree": Program(
        "tree 2.1.0",
        "-L=num -a -d -f -i -s -h -p -u -g -D -F -q -N -Q -n -C -P=text -I=text -J -X -r -t -v -c "
        "-U -x --noreport --dirsfirst --filesfirst --prune --du --si --charset=word "
        "--filelimit=num --sort=word --ignore-case --matchdirs --timefmt=text --metafirst",
        reads=True,
        writes="-o= -R",
        moves="-l --fromfile --fromtabfile --gitfile= --infofile= --info",
        runs="-H=",
    ),
    "diff": Program(
        "GNU diffutils 3.8",
        "-u -c -n -e -q -s -y -w -b -B -i -E -Z -N -a -p -t -T -d -r -U=num -C=num -W=num -F=text "
        "-I=text -x=text -L=text -NUM --brief --unified[=num] --context[=num] --recursive "
        "--color[=word] --side-by-side --suppress-common-lines --width=num --ignore-all-space "
        "--ignore-space-change --ignore-blank-lines --ignore-case --ignore-trailing-space "
        "--ignore-tab-expansion --ignore-matching-lines=text --strip-trailing-cr --label=text "
        "--exclude=text --minimal --text --new-file --no-dereference --left-column "
        "--speed-large-files --show-c-function --report-identical-files --normal --expand-tabs",
        reads=True,
        deep="-r --recursive",
        runs="-l --paginate",
        moves="-X= --exclude-from= --from-file= --to-file= -S= --starting-file=",
    ),
    "cmp": Program(
        "GNU diffutils 3.8", "-b -l -s -n=num -i=num --silent --quiet", reads=True, tame=True
    ),
    "comm": Program(
        _CORE,
        "-1 -2 -3 -z --check-order --nocheck-order --total --output-delimiter=text",
        reads=True,
        tame=True,
    ),
    "cut": Program(
        _CORE,
        "-d=text -f=text -c=text -b=text -s -z -n --complement --output-delimiter=text "
        "--delimiter=text --fields=text --characters=text --bytes=text --only-delimited",
        reads=True,
        tame=True,
    ),
    "tr": Program(
        _CORE,
        "-d -s -c -C -t --delete --squeeze-repeats --complement --truncate-set1",
        reads=True,
        tame=True,
        texts=-1,
    ),
    "column": Program(
        _UTIL,
        "-t -s=text -o=text -c=num -x -J -N=text -R=text -e -L --table --separator=text "
        "--output-separator=text --json --table-columns=text --table-right=text",
        reads=True,
    ),
    "paste": Program(_CORE, "-d=text -s -z --delimiters=text --serial", reads=True, tame=True),
    "join": Program(
        _CORE,
        "-t=text -1=num -2=num -j=num -o=text -e=text -a=num -v=num -i --header --ignore-case",
        reads=True,
        tame=True,
    ),
    "uniq": Program(
        _CORE,
        "-c -d -u -i -D -z -f=num -s=num -w=num --count --repeated --unique --ignore-case "
        "--all-repeated[=word] --group[=word] --skip-fields=num --skip-chars=num "
        "--check-chars=num",
        exact=True,
        reads=True,
        output=2,
    ),
    "sort": Program(
        _CORE,
        "-n -r -u -h -V -f -b -d -g -i -M -R -s -c -C -z -m -k=text -t=text -S=num "
        "--numeric-sort --reverse --unique --key=text --field-separator=text "
        "--human-numeric-sort --version-sort --ignore-case --ignore-leading-blanks --stable "
        "--check[=word] --sort=word --parallel=num --buffer-size=num --zero-terminated "
        "--general-numeric-sort --month-sort --random-sort --dictionary-order --merge --debug",
        reads=True,
        runs="--compress-program=",
        writes="-o= --output=",
        moves="--files0-from= -T= --temporary-directory= --random-source=",
    ),
    "shuf": Program(
        _CORE,
        "-n=num -e -i=text -r -z --head-count=num --echo --input-range=text --repeat",
        reads=True,
        writes="-o= --output=",
        moves="--random-source=",
    ),
    "xxd": Program(
        "xxd 9.0",
        "-l=num -s=num -c=num -g=num -p -u -b -e -i -a -E",
        exact=True,
        reads=True,
        output=2,
    ),
    "hexdump": Program(
        _UTIL, "-C -n=num -s=num -c -b -d -x -v -o --canonical --length=num --skip=num", reads=True
    ),
    "od": Program(
        _CORE,
        "-A=word -t=word -N=num -j=num -c -x -d -b -o -v -a -w[=num] --address-radix=word "
        "--format=word --read-bytes=num --skip-bytes=num --width[=num]",
        reads=True,
    ),
    "strings": Program(
        "GNU binutils 2.40",
        "-a -f -n=num -t=word -e=word --all --bytes=num --radix=word --print-file-name",
        reads=True,
        runs="@",
    ),
    "readlink": Program(
        _CORE,
        "-f -e -m -n -z -q -s -v --canonicalize --canonicalize-existing --no-newline",
        reads=True,
        tame=True,
    ),
    "realpath": Program(
        _CORE,
        "-e -m -s -q -z -L -P --relative-to=path --relative-base=path --canonicalize-existing "
        "--canonicalize-missing --no-symlinks --strip",
        reads=True,
        tame=True,
    ),
    "basename": Program(
        _CORE, "-a -s=text -z --multiple --suffix=text --zero", reads=True, tame=True, texts=-1
    ),
    "dirname": _NAMES,
    "seq": Program(
        _CORE,
        "-s=text -w -f=text -NUM --separator=text --equal-width --format=text",
        reads=True,
        tame=True,
        texts=-1,
    ),
    "expr": Program(_CORE, reads=True, tame=True, texts=-1),
    "date": Program(
        _CORE,
        "-u -R -d=text -I[=word] -v=text --date=text --utc --universal --iso-8601[=word] "
        "--rfc-3339=word --rfc-email",
        reads=True,
        texts=-1,
        operand=r"\+[\s\S]*",
        writes="-s= --set=",
        moves="-f= --file= -r= --reference=",
    ),
    "id": Program(
        _CORE, "-u -g -n -G -r --user --group --name --groups", reads=True, tame=True, texts=-1
    ),
    "whoami": Program(_CORE, reads=True, tame=True, texts=-1),
    "groups": Program(_CORE, reads=True, tame=True, texts=-1),
    "hostname": Program(
        "hostname 3.23", "-s -f -i -I -d --fqdn --short", fixed=True, moves="-F= --file=", output=1
    ),
    "uname": Program(
        _CORE, "-a -s -r -m -n -p -o -v -i --all --machine", reads=True, texts=-1, fixed=True
    ),
    "uptime": Program("procps 4.0", "-p -s --pretty --since", reads=True, fixed=True),
    "nproc": Program(_CORE, "--all --ignore=num", reads=True, fixed=True),
    "arch": Program(_CORE, reads=True, fixed=True),
    "free": Program(
        "procps 4.0", "-h -m -g -k -b -t -w --human --mega --giga", reads=True, fixed=True
    ),
    "ps": Program(
        "procps 4.0",
        "-e -f -a -A -x -l -j -L -T -w -p=text -o=text -C=text -u=text -U=text --forest "
        "--sort=text --no-headers --ppid=text --pid=text",
        reads=True,
        texts=-1,
        operand="aux?w*|axo|x|\\d+",
    ),
    "pgrep": Program(
        "procps 4.0",
        "-f -l -a -x -c -n -o -u=text -P=text -d=text --full --list-name --list-full --count",
        reads=True,
        texts=-1,
        moves="-F= --pidfile=",
    ),
    "printenv": Program(_CORE, "-0 --null", reads=True, texts=-1),
    "locale": Program("glibc 2.36", "-a -m", reads=True, texts=-1, operand="name"),
    "md5sum": _HASH,
    "sha1sum": _HASH,
    "sha256sum": _HASH,
    "sha512sum": _HASH,
    "shasum": Program("shasum 6.02", "-a=num -b -t --algorithm=num", reads=True),
    "cksum": Program(_CORE, "-a=word --algorithm=word --untagged --tag", reads=True),
    "base64": Program(
        _CORE, "-d -w=num --decode --wrap=num", reads=True, writes="-o= --output=", moves="-i="
    ),
    "zcat": Program("gzip 1.12", "-f -q", reads=True),
}
