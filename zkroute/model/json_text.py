"""JSON from outside, without the depth that would overrun the interpreter's stack.

``json`` stops at Python's recursion limit, but py_ecc raises that limit beyond what the C stack
holds: nested brackets then end the process instead of raising an error.
"""

from __future__ import annotations

import json
import re
from typing import Any

MAX_DEPTH = 64
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def load_json(text: str, **options: Any) -> Any:
    """What ``json.loads`` makes of a text with these options.

    Raises ValueError for a text that is not JSON or nests deeper than MAX_DEPTH.
    """
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    return json.loads(text, **options)


def _depth(text: str) -> int:
    """The deepest nesting of brackets outside strings, MAX_DEPTH + 1 standing for more."""
    depth = deepest = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        mark = token.group()
        if mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH:
                return deepest
        elif mark in "]}":
            depth -= 1
    return deepest
