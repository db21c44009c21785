"""Owns the value of arithmetic over numbers alone: `$((10-5))`. Names and indexes are not read."""

import re

_TOKEN = re.compile(r"\s*(?:(0|[1-9]\d{0,8})(?!\w)|([-+*/%()]))")
_LARGEST = 2**62
_LONGEST = 100


def value(expression: str) -> int | None:
    """What a shell makes of it; None when it is anything else than numbers and `+ - * / % ( )`."""
    tokens = _tokens(expression.strip())
    if not tokens:
        return None
    result = _sum(tokens)
    return None if tokens else result


def _tokens(expression: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None or len(tokens) > _LONGEST:
            return []
        tokens.append(match.group(1) or match.group(2))
        at = match.end()
    tokens.reverse()
    return tokens


def _sum(tokens: list[str]) -> int | None:
    left = _product(tokens)
    while left is not None and tokens and tokens[-1] in "+-":
        sign = 1 if tokens.pop() == "+" else -1
        right = _product(tokens)
        left = None if right is None else _bounded(left + sign * right)
    return left


def _product(tokens: list[str]) -> int | None:
    left = _factor(tokens)
    while left is not None and tokens and tokens[-1] in "*/%":
        operator = tokens.pop()
        right = _factor(tokens)
        if right is None or (operator != "*" and right == 0):
            return None
        if operator == "*":
            left = _bounded(left * right)
        else:
            left = (
                _divided(left, right) if operator == "/" else left - right * _divided(left, right)
            )
    return left


def _divided(left: int, right: int) -> int:
    """Towards zero, as in C."""
    size = abs(left) // abs(right)
    return size if (left < 0) == (right < 0) else -size


def _factor(tokens: list[str]) -> int | None:
    """A number or what is in parentheses. Signs in front are not read: `--1` is no number."""
    if not tokens:
        return None
    token = tokens.pop()
    if token.isdigit():
        return int(token)
    if token != "(":
        return None
    inner = _sum(tokens)
    return inner if tokens and tokens.pop() == ")" else None


def _bounded(number: int) -> int | None:
    return number if abs(number) < _LARGEST else None
