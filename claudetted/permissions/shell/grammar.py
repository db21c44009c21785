"""Owns which forms of the shell are read at all. Nobody lists the others: they ask."""

from collections.abc import Iterator

import tree_sitter

GrammarNode = tree_sitter.Node

_COMMANDS = (
    "program command command_name list pipeline redirected_statement compound_statement do_group "
    "negated_command subshell if_statement elif_clause else_clause case_statement case_item "
    "for_statement while_statement test_command declaration_command unset_command "
    "variable_assignment variable_assignments comment"
)
_WORDS = (
    "word number string string_content raw_string ansi_c_string concatenation simple_expansion "
    "expansion command_substitution arithmetic_expansion variable_name special_variable_name "
    "test_operator extglob_pattern regex unary_expression binary_expression "
    "parenthesized_expression"
)
_REDIRECTIONS = (
    "file_redirect file_descriptor herestring_redirect heredoc_redirect heredoc_start "
    "heredoc_body heredoc_content heredoc_end"
)
_SIGNS = (
    '! != " $ $( $(( ${ & && &> &>> ( ) )) * + - / % ; ;; < <& <&- << <<- <<< = == =~ += > >& >&- '
    ">> >| [ [[ ] ]] | |& || { } -a -o"
)
_KEYWORDS = (
    "case do done elif else esac fi for if in then until while "
    "declare export local readonly typeset unset"
)
_RESERVED = "if then else elif fi do done while until for case esac in select function { } ! ]]"
PERMITTED = frozenset(["\n", *f"{_COMMANDS} {_WORDS} {_REDIRECTIONS} {_SIGNS} {_KEYWORDS}".split()])
"""Kinds of tree-sitter-bash's nodes, signs and keywords included. That one is permitted says that
the readers of commands and words know it, not that every use of it is harmless."""


def unread(root: GrammarNode) -> Iterator[str]:
    """The kinds in a tree that are not read, at any depth."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type not in PERMITTED:
            yield node.type
        waiting += node.children


def begins_otherwise(words: list[str]) -> bool:
    """Whether a reserved word stands where a command's name does, perhaps behind `time`."""
    at = 0
    while words[at : at + 1] == ["time"]:
        at += 1
        while words[at : at + 1] in (["-p"], ["--"]):
            at += 1
    first = words[at : at + 1]
    return bool(first) and (
        first[0] in _RESERVED.split() or (at > 0 and first[0] in ("[[", "time"))
    )
