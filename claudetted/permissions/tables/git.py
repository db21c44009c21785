"""Owns the table of version control."""

from claudetted.permissions.options import Program

_GIT = "git 2.39.5"
_REMOTE_NAME = r"[A-Za-z0-9][\w.-]*"
_REF = r"\+?[A-Za-z0-9@][\w./@{}^~-]*(?::[\w./-]*)?|:[\w./-]+"
_DIFF = (
    "-p -u -s -w -b -a -z -R -W -M[=num] -C[=num] -U=num -S=text -G=text -l=num -NUM "
    "--stat[=text] --shortstat --numstat --name-only --name-status --summary --patch --no-patch "
    "--unified=num --raw --patch-with-stat --compact-summary --color[=word] --no-color "
    "--color-words[=text] --word-diff[=word] --word-diff-regex=text --color-moved[=word] "
    "--ignore-all-space --ignore-space-change --ignore-space-at-eol --ignore-blank-lines "
    "--ignore-cr-at-eol --find-renames[=num] --find-copies[=num] --no-renames "
    "--diff-filter=word --pickaxe-regex --pickaxe-all --check --exit-code --quiet --minimal "
    "--patience --histogram --diff-algorithm=word --anchored=text --full-index --binary "
    "--abbrev[=num] --no-prefix --src-prefix=text --dst-prefix=text --relative[=path] "
    "--inter-hunk-context=num --function-context --no-ext-diff --no-textconv --text "
    "--ignore-submodules[=word]"
)
_COMMITS = (
    "-n=num -i -E -F -L=text -g -m -c --cc --oneline --graph --decorate[=word] --no-decorate "
    "--all --branches[=text] --tags[=text] --remotes[=text] --format[=text] --pretty[=text] "
    "--max-count=num --skip=num --since=text --until=text --after=text --before=text "
    "--author=text --committer=text --grep=text --regexp-ignore-case --all-match "
    "--invert-grep --merges --no-merges --first-parent --reverse --date=text --date-order "
    "--topo-order --author-date-order --follow --abbrev-commit --no-abbrev-commit "
    "--left-right --left-only --right-only --cherry-pick --cherry-mark --cherry --boundary "
    "--simplify-by-decoration --ancestry-path --full-history --walk-reflogs --no-notes "
    "--children --parents --source --no-mailmap --mailmap --diff-merges=word --exclude=text "
    "--not --relative-date --no-walk[=word] --ignore-missing --encoding=word --min-parents=num "
    "--max-parents=num"
)
_RUNS = "--ext-diff --textconv --show-signature -O= --submodule --upload-pack= --receive-pack= "
_WRITES = "--output= --output-directory="
_MOVES = "--no-index --pathspec-from-file= --template= --separate-git-dir="
_LOG = Program(_GIT, f"{_COMMITS} {_DIFF}", _RUNS, _WRITES, _MOVES, reads=True)
_FETCHED = (
    "-q -v -p -t -4 -6 -j=num --all --prune --tags --no-tags --quiet --verbose --depth=num "
    "--dry-run --progress --no-progress --no-recurse-submodules --deepen=num --unshallow "
    "--jobs=num"
)
_EVERYTHING = Program(never="It does things that cannot be told from its words.")
_TOOL = Program(never="It runs the tool that settings name.")
_STEPS = "--abort --continue --skip --quit --no-commit -n --no-edit"
_JSON = "--json=text -q=jq --jq=jq"
_LISTED = f"{_JSON} -L=num --limit=num"


def _git(harmless: str = "", **more: object) -> Program:
    """A subcommand of git; what is said of hazards is the same for all."""
    fields: dict[str, object] = {"runs": _RUNS, "writes": _WRITES, "moves": _MOVES, **more}
    return Program(_GIT, harmless, **fields)  # type: ignore[arg-type]


def _looks(harmless: str = "", **more: object) -> Program:
    """A subcommand that only reads."""
    return _git(harmless, reads=True, **more)


_GH_NOUNS = "pr issue run release repo"


def _gh(harmless: str) -> Program:
    return Program(
        "gh 2.23 and 2.46",
        harmless,
        texts=-1,
        operand=r"\d+|[A-Za-z0-9][\w.-]*",
        runs="--web -w --editor -e",
        writes="-O= --output= -D= --dir=",
        moves="-F= --body-file= -R= --repo=",
    )


PROGRAMS: dict[str, Program] = {
    "git": Program(
        _GIT,
        "-P --no-pager --no-optional-locks --literal-pathspecs --no-replace-objects "
        "--no-lazy-fetch --version -v",
        ends="--version -v",
        sub=True,
        runs="-c= --exec-path= --config-env= -p --paginate",
        moves="-C= --git-dir= --work-tree= --namespace= --super-prefix= --attr-source= --bare",
    ),
    "git version": _looks("--build-options"),
    "git status": _looks(
        "-s -b -z -u[=word] --short --branch --porcelain[=word] --long --untracked-files[=word] "
        "--ignored[=word] --show-stash --ahead-behind --no-ahead-behind --renames --no-renames "
        "--column[=text] --no-column --ignore-submodules[=word]"
    ),
    "git log": _LOG,
    "git show": _LOG,
    "git whatchanged": _LOG,
    "git diff": _looks(f"{_DIFF} --cached --staged --merge-base"),
    "git diff-tree": _looks(f"{_DIFF} -r -t -m -c --root --no-commit-id"),
    "git diff-index": _looks(f"{_DIFF} --cached"),
    "git diff-files": _looks(_DIFF),
    "git shortlog": _looks(
        # Here it is an option without a value.
        f"-s -e -n {_COMMITS.removeprefix('-n=num ').replace('--committer=text', '--committer')} "
        "--summary --numbered --email --group=word"
    ),
    "git rev-list": _looks(f"{_COMMITS} --count"),
    "git rev-parse": _looks(
        "-q --abbrev-ref[=word] --show-toplevel --short[=num] --verify --quiet --git-dir "
        "--is-inside-work-tree --git-common-dir --show-prefix --show-cdup --symbolic-full-name "
        "--symbolic --all --branches[=text] --tags[=text] --remotes[=text] --absolute-git-dir "
        "--is-bare-repository --show-superproject-working-tree",
        texts=-1,
    ),
    "git blame": _looks(
        "-L=text -w -e -l -s -t -f -n -b -p -M[=num] -C[=num] --porcelain --line-porcelain "
        "--date=text --since=text --root --show-email --show-name --show-number --abbrev=num "
        "--color-lines --color-by-age --first-parent --ignore-rev=word",
        moves="--contents= --ignore-revs-file= -S=",
    ),
    "git grep": _looks(
        "-n -i -I -l -L -c -w -v -h -H -F -E -P -G -p -W -o -q -z -r -e=text -A=num -B=num "
        "-C=num -m=num -NUM --cached --untracked --heading --break --name-only --count "
        "--color[=word] --no-color --and --or --not --all-match --max-depth=num --max-count=num "
        "--threads=num --line-number --column --ignore-case --word-regexp --fixed-strings "
        "--extended-regexp --perl-regexp --function-context --show-function "
        "--files-with-matches --files-without-match --only-matching --quiet --text",
        runs="-O --open-files-in-pager --ext-grep --textconv",
        moves="-f= --no-index --recurse-submodules",
        texts=1,
        texts_unless="-e -f",
        deep="always",
    ),
    "git describe": _looks(
        "--tags --always --long --all --exact-match --contains --first-parent --dirty[=text] "
        "--abbrev=num --match=text --exclude=text --candidates=num"
    ),
    "git ls-files": _looks(
        "-m -o -c -d -s -u -z -t -i -k -x=text --others --cached --modified --deleted --stage "
        "--exclude-standard --error-unmatch --full-name --directory --ignored --unmerged --eol "
        "--abbrev[=num] --exclude=text --killed --deduplicate",
        moves="-X= --exclude-from= --exclude-per-directory= --recurse-submodules",
    ),
    "git ls-tree": _looks(
        "-r -d -t -l -z --name-only --name-status --full-tree --full-name --abbrev[=num] --long "
        "--object-only"
    ),
    "git cat-file": _looks("-t -s -e -p", runs="--textconv --filters"),
    "git merge-base": _looks("-a --is-ancestor --all --octopus --fork-point", texts=-1),
    "git for-each-ref": _looks(
        "--sort=text --format=text --count=num --merged[=text] --no-merged[=text] "
        "--contains[=text] --points-at=word",
        texts=-1,
    ),
    "git show-ref": _looks(
        "-s -d -q --heads --tags --hash[=num] --verify --dereference --quiet", texts=-1
    ),
    "git name-rev": _looks("--name-only --tags --always --refs=text", texts=-1),
    "git count-objects": _looks("-v -H --verbose --human-readable"),
    "git check-ignore": _looks("-v -q -n --verbose --quiet --non-matching"),
    "git ls-remote": _git(
        "-q -h -t --heads --tags --refs --exit-code --get-url --quiet", operand=_REMOTE_NAME
    ),
    "git reflog": Program(_GIT, f"{_COMMITS} {_DIFF}", _RUNS, _WRITES, _MOVES, sub=True),
    "git reflog show": _LOG,
    "git add": _git(
        "-A -u -v -n -N --all --update --verbose --dry-run --intent-to-add --renormalize "
        "--ignore-errors --refresh --chmod=word"
    ),
    "git commit": _git(
        "-m=text -a -q -v -s -o -C=ref -F=stdin --message=text --all --amend --no-edit --quiet "
        "--verbose --signoff --allow-empty --author=text --date=text --dry-run --fixup=ref "
        "--squash=ref --reuse-message=ref --short --porcelain --trailer=text --only "
        "--include --cleanup=word --no-gpg-sign --no-status --file=stdin",
        moves="--template= -t= --pathspec-from-file=",
    ),
    "git tag": _git(
        "-l -n[=num] -a -i -m=text --list --sort=text --format=text --contains[=text] "
        "--no-contains[=text] --points-at[=word] --merged[=text] --no-merged[=text] "
        "--annotate --message=text --column[=text] --ignore-case",
        runs="-s --sign -u= --local-user= -v --verify -e --edit",
        writes="-d --delete -f --force",
        moves="-F= --file=",
    ),
    "git branch": _git(
        "-a -r -v -q -i -t --list --show-current --all --remotes --verbose --merged[=text] "
        "--no-merged[=text] --contains[=text] --no-contains[=text] --points-at=word "
        "--sort=text --format=text --column[=text] --color[=word] --no-color --no-column "
        "--quiet --ignore-case --abbrev[=num]",
        runs="--edit-description",
        writes="-D --delete --force -f -M -m --move -C -c --copy -d -u= --set-upstream-to= "
        "--unset-upstream",
    ),
    "git stash": Program(_GIT, sub=True),
    "git stash list": _LOG,
    "git stash show": _git(f"{_DIFF} --include-untracked --only-untracked"),
    "git stash push": _git(
        "-m=text -u -k -q -S --message=text --include-untracked --keep-index --staged --quiet"
    ),
    "git stash pop": _git("-q --index --quiet"),
    "git stash apply": _git("-q --index --quiet"),
    "git remote": Program(_GIT, "-v --verbose", sub=True),
    "git remote get-url": _git("--all --push", operand=_REMOTE_NAME),
    "git remote show": _git("-n", operand=_REMOTE_NAME),
    "git worktree": Program(_GIT, sub=True),
    "git worktree list": _git("-v -z --porcelain --verbose"),
    "git submodule": Program(_GIT, sub=True),
    "git bisect": Program(_GIT, sub=True),
    "git config": Program(never="Settings of git can name programs to run."),
    "git fetch": _git(_FETCHED, operand=_REF, writes="-f --force -u --update-head-ok --prune-tags"),
    "git pull": _git(
        f"{_FETCHED} --ff-only --rebase[=true|false|merges] --no-rebase --no-edit --autostash "
        "--ff --no-ff --no-autostash -r",
        runs=_RUNS + "-s= --strategy= -e --edit",
        operand=_REF,
        writes="-f --force",
    ),
    "git push": _git(
        "-u -q -v -n --set-upstream --tags --quiet --verbose --dry-run --follow-tags --progress "
        "--porcelain --atomic",
        runs="--exec= --receive-pack=",
        writes="-f --force --force-with-lease --mirror -d --delete --prune --force-if-includes "
        "--no-verify REF",
        operand=_REF,
    ),
    "git checkout": _git(
        "-b=ref -q -t -d --quiet --track --no-track --detach --ours --theirs --progress",
        writes="-f --force -B= -p --patch",
    ),
    "git switch": _git(
        "-c=ref -q -d -t --create=ref --quiet --detach --track --no-track --guess --no-guess",
        writes="-f --force --discard-changes -C= --force-create=",
    ),
    "git restore": _git(
        "-S -W -q -s=ref --staged --worktree --quiet --source=ref --ours --theirs",
        exact=True,
        writes="-p --patch",
    ),
    "git reset": _git("-q -N --quiet --soft --mixed --intent-to-add", writes="--hard -p --patch"),
    "git merge": _git(
        f"{_STEPS} -m=text -q --ff --no-ff --ff-only --squash --quiet --message=text --stat "
        "--no-stat --autostash",
        runs="-s= --strategy= -e --edit -S --gpg-sign",
        moves="-F= --file=",
    ),
    "git rebase": _git(
        "-q --abort --continue --skip --quit --onto=ref --autostash --no-autostash --quiet "
        "--keep-base --root --stat",
        runs="-x= --exec= -i --interactive -s= --strategy= -S --gpg-sign",
    ),
    "git cherry-pick": _git(f"{_STEPS} -x -m=num --ff", runs="--strategy= -e --edit -S"),
    "git revert": _git(f"{_STEPS} -m=num", runs="--strategy= -e --edit -S"),
    "git rm": _git("-q -n -f --cached --quiet --dry-run --ignore-unmatch", exact=True, writes="-r"),
    "git mv": _git("-v -n -k --verbose --dry-run", exact=True),
    "git init": _git("-q -b=word --quiet --initial-branch=word", fixed=True),
    "git clone": _git(
        "-q -v -n -b=word --depth=num --branch=word --quiet --verbose --single-branch --no-tags "
        "--no-checkout --filter=word",
        runs="-u= --upload-pack= -c= --config= --recursive --recurse-submodules",
        code="all",
    ),
    "git clean": _git("-n -d -q --dry-run --quiet", writes="-f --force -x -X -i"),
    "git difftool": _TOOL,
    "git mergetool": _TOOL,
    "git filter-branch": Program(never="It runs its words as a command."),
    "git hook": Program(code="all"),
    "git credential": Program(never="It gives out what you log in with."),
    "git archive": Program(runs="--exec= --remote=", writes="-o= --output="),
    "gh": Program("gh 2.23 and 2.46", "--version", ends="--version", sub=True),
    **{f"gh {noun}": Program("gh 2.23 and 2.46", sub=True) for noun in _GH_NOUNS.split()},
    "gh pr list": _gh(
        f"{_LISTED} -s=word -l=text -a=word -A=word -S=text -B=word -H=word -d --state=word "
        "--label=text --assignee=word --author=word --search=text --base=word --head=word --draft"
    ),
    "gh pr view": _gh(f"{_JSON} -c --comments"),
    "gh pr diff": _gh("--name-only --patch --color=word"),
    "gh pr checks": _gh("--required --watch -i=num --interval=num"),
    "gh pr status": _gh(f"{_JSON} -c --conflict-status"),
    "gh issue list": _gh(
        f"{_LISTED} -s=word -l=text -a=word -A=word -S=text -m=text --state=word --label=text "
        "--assignee=word --author=word --search=text --milestone=text"
    ),
    "gh issue view": _gh(f"{_JSON} -c --comments"),
    "gh run list": _gh(f"{_LISTED} -b=text -s=word --branch=text --status=word --user=word"),
    "gh run view": _gh(f"{_JSON} -j=num -v --job=num --log --log-failed --exit-status --verbose"),
    "gh release list": _gh("-L=num --limit=num"),
    "gh release view": _gh(_JSON),
    "gh repo view": Program("gh 2.23 and 2.46", f"{_JSON} -b=text --branch=text", fixed=True),
    "gh api": Program(code="all", writes="-X= --method= -f= -F= --field= --raw-field= --input="),
    "gh alias": _EVERYTHING,
    "gh extension": _EVERYTHING,
    "gh auth": _EVERYTHING,
    "hg": Program(sub=True, runs="--config= --pager= -R= --cwd="),
    "svn": Program(sub=True, runs="--config-option= --diff-cmd= --editor-cmd="),
}
