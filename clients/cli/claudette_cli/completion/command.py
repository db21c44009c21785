"""Owns the command `completion` and the scripts that it prints."""

from __future__ import annotations

from claudette_cli.exits import DONE
from claudette_cli.terminal.output import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_BASH = """\
# For ~/.bashrc:  eval "$(claudette completion bash)"
_claudette() {
    local cur=${COMP_WORDS[COMP_CWORD]} IFS=$'\\n'
    COMPREPLY=($(claudette --complete bash "${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
    case ${COMPREPLY[0]} in
    :files | :@files) compopt -o filenames; COMPREPLY=($(compgen -f -- "${cur#@}")) ;;
    :directories) compopt -o filenames; COMPREPLY=($(compgen -d -- "$cur")) ;;
    esac
}
complete -F _claudette claudette"""

_ZSH = """\
#compdef claudette
# For ~/.zshrc, after compinit:  eval "$(claudette completion zsh)"
_claudette() {
    local -a found
    found=("${(@f)$(claudette --complete zsh "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    case $found[1] in
    :files) _files ;;
    :@files) compset -P '@'; _files ;;
    :directories) _files -/ ;;
    ?*) _describe claudette found ;;
    esac
}
compdef _claudette claudette"""

_FISH = """\
# For ~/.config/fish/completions/claudette.fish:  claudette completion fish > that file
function __claudette_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found (claudette --complete fish $words[2..-1] 2>/dev/null)
    switch "$found[1]"
        case :files :@files
            __fish_complete_path (commandline -ct)
        case :directories
            __fish_complete_directories (commandline -ct)
        case '*'
            printf '%s\\n' $found
    end
end
complete -c claudette -f -a '(__claudette_complete)'"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def declare_completion(parser: ArgumentParser) -> None:
    parser.add_argument("shell", choices=SCRIPTS, help="for which shell")


def run_completion(arguments: Namespace) -> int:
    output().say(SCRIPTS[arguments.shell])
    return DONE


VERBS = {"completion": (declare_completion, run_completion)}
