"""JSON from outside, without the depth that would overrun the interpreter's stack or the many small
values that would fill its memory.

``json`` stops at Python's recursion limit, but py_ecc raises that limit beyond what the C stack
holds: nested brackets then end the process instead of raising an error.
"""

from __future__ import annotations

import json
import re
from typing import Any

MAX_DEPTH = 64
ANY_VALUES = 1 << 17
BYTES_PER_VALUE = 8
"""Beyond so many keys and values a text has this many characters for each: our long lists are of
digests. Python's objects for ``[],[],`` take 27 times the text, for such lists a few times."""
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def load_json(text: str, **options: Any) -> Any:
    """What ``json.loads`` makes of a text with these options.

    Raises ValueError for a text that is not JSON, nests deeper than MAX_DEPTH or has more keys and
    values than ANY_VALUES and one in BYTES_PER_VALUE characters.
    """
    if sum(map(text.count, ",:[{")) > ANY_VALUES + len(text) // BYTES_PER_VALUE:
        raise ValueError("more values than a text of this length has")
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
