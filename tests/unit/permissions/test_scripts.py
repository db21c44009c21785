"""Small programs of sed and awk: which of them neither write nor run anything."""

import pytest

from claudetted.permissions.scripts import harmless

SED = [
    "p",
    "1p",
    "1,20p",
    "$p",
    "/a/p",
    "/a/,/b/p",
    "/a/,+3p",
    "2!d",
    "d",
    "1q",
    "s/a/b/",
    "s/a/b/g",
    "s/a/b/gpI2",
    "s|/usr|/opt|g",
    "s#a#b#",
    "s,a,b,",
    "s/\\//x/",
    "s/[a-z]*/x/",
    "s/[^,]*,//",
    "s/a/[x/",
    "s/a/b/; s/c/d/",
    "s/a/b/\ns/c/d/",
    " p ; d ",
    "/x/s/a/b/",
]
SED_ACTS = [
    "w out",
    "1w out",
    "e rm",
    "1e",
    "r /etc/passwd",
    "s/a/b/w out",
    "s/a/b/e",
    "s/a/b/ge",
    "s/[/]/g;s/w out/b/",
    "p;w out",
    "{p;w out}",
    "a\\text",
    "y/a/b/",
    "W out",
    "R x",
    "F",
    "",
    "s/a/b/; w out",
    "s/a/b/\nw out",
    "b x",
    "s\nab\nc\n",
    "/a/w out",
    "s/[[:space:]/]/p;/w out/p",
    "\\,a,w out",
]
AWK = [
    "{print}",
    "{print $1}",
    "$3 == 0 {print $1}",
    'BEGIN {FS=","} {print $2}',
    "/a/ && /b/",
    "NR % 2",
    "{sum += $1} END {print sum}",
    "length < 72",
    "NF >= 3 || /x/",
    '{printf "%s\\n", $1}',
    "$3 > 100 {print $1, $3}",
    "{if ($2 > max) {max = $2; line = $0}} END {print line}",
    "{print ($1 > $2)}",
    "{count[$1]++} END {for (k in count) print count[k], k}",
    "{sum += $2 / 2; print sum / NR, length($0) / 2}",
    "!seen[$0]++",
    '/[[:space:]]+x/ {gsub(/\\/a/, "b"); print toupper(substr($0, 1, 3))}',
    'BEGIN {while (i < 3) {i++; printf("%d", i)}} # counts\n!/x/ {next}',
    'BEGIN {n = split("a b", parts, " "); print n, parts[1]; exit 1}',
    '$1 ~ /a|b/ && NR > 1 {print NR ": " $0}',
]
AWK_ACTS = [
    'BEGIN {system("rm")}',
    '{print > "out"}',
    '{print >> "out"}',
    "{print $1 > out}",
    '{print | "sh"}',
    '{"date" | getline}',
    'getline < "/etc/passwd"',
    '@load "x"',
    '@include "x"',
    "{print>f}",
    '{print |& "sh"}',
    '{f="system"; @f("rm")}',
    "{print | $0}",
    '{print |\\\n"sh"}',
    '{print "a;b" > $1}',
    '{print "a;b" >> $1}',
    'BEGIN {ARGV[1] = "/etc/passwd"; ARGC = 2} {print}',
    '{if (1) /"/; system("x") #"/\n}',
    '/[[:space:]/] "/ ; system("touch x") #"',
    '/[/]"/ {system("x")} #"/',
    'length / "/; system("x")  #"/',
    'x++ / "/; system("x")  #"/',
    '{x = 1 /= "/; system("x") #"/',
    '{print (1) (2) > "out"}',
    '{print a[1 > "out"]}',
    '{print a,\n b > "out"}',
    '{printf("%s", $0) > "out"}',
    '{if (1) print > "out"}',
    "function f(x) {print x} {f(1)}",
    '{frob("x")}',
    '{frob ("x")}',
    'BEGIN {PROCINFO["sorted_in"] = "f"}',
    'BEGIN {system\n("x")}',
    'BEGIN {printf "x" |"cat 1>&2"}',
    "BEGIN {print 1 ||| 2}",
    "BEGIN {print 'x'}",
    'BEGIN {print "x\ny"}',
    "BEGIN {print \\\n > f}",
]


@pytest.mark.parametrize(
    ("language", "text"), [("sed", t) for t in SED] + [("awk", t) for t in AWK]
)
def test_harmless(language: str, text: str) -> None:
    assert harmless(language, text)


@pytest.mark.parametrize(
    ("language", "text"), [("sed", t) for t in SED_ACTS] + [("awk", t) for t in AWK_ACTS]
)
def test_not_harmless(language: str, text: str) -> None:
    assert not harmless(language, text)
