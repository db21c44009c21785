"""Owns the table of programs that pack and unpack."""

from claudetted.permissions.options import Program

_ZIP = (
    "-k -d -c -v -q -l -t -n -1 -2 -3 -4 -5 -6 -7 -8 -9 --keep --decompress --stdout --list --test"
)

PROGRAMS: dict[str, Program] = {
    "tar": Program(
        "GNU tar 1.34",
        "-c -x -t -d -r -u -v -z -j -J -a -k -p -O -m -S -f=local -b=num --create --extract --get "
        "--list --append --update --verbose --gzip --bzip2 --xz --zstd --auto-compress "
        "--file=local --exclude=text --exclude-vcs --strip-components=num --to-stdout "
        "--keep-old-files --skip-old-files --no-same-owner --no-same-permissions --touch "
        "--one-file-system --wildcards --no-wildcards --sort=word --mtime=word --owner=word "
        "--group=word --numeric-owner --format=word --sparse --totals --full-time",
        dashless=True,
        deep="-c --create -r --append -u --update -d",
        runs="@ --to-command= -I= --use-compress-program= --checkpoint-action= -F= --info-script= "
        "--new-volume-script= --rsh-command= --rmt-command=",
        writes="-P --absolute-names --remove-files --overwrite -U --unlink-first -h "
        "--dereference --index-file= --delete -g= --listed-incremental= --volno-file=",
        moves="-C= --directory= -T= --files-from= -X= --exclude-from=",
    ),
    "zip": Program(
        exact=True, deep="-r --recurse-paths", runs="-T -TT= --unzip-command=", writes="-m --move"
    ),
    "unzip": Program("Info-ZIP 6.00", "-l -t -v -q -p -Z -n -j", writes="-o -: -d="),
    "gzip": Program("gzip 1.12", _ZIP, exact=True, writes="-f --force -r --recursive"),
    "gunzip": Program("gzip 1.12", _ZIP, exact=True, writes="-f --force -r --recursive"),
    "bzip2": Program(
        "bzip2 1.0.8", "-k -d -c -v -q -t -1 -9 --keep --decompress --stdout --test", exact=True
    ),
    "xz": Program(
        "xz 5.4.1",
        "-k -d -c -v -q -l -t -T=num -0 -1 -2 -3 -4 -5 -6 -7 -8 -9 --keep --decompress --stdout "
        "--list --test --threads=num",
        exact=True,
        writes="-f --force",
    ),
    "zstd": Program(exact=True, writes="-o= --rm"),
}
