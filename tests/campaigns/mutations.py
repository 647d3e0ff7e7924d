"""Ways to damage a file: its bytes, its lengths, its lines, and the values of its documents."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any

Mutator = Callable[[random.Random, bytes, list[bytes]], bytes]
"""From the randomness, a seed and all seeds of its format to a damaged file."""


def _words(text: str) -> list[str]:
    return text.split(" ")


JSON_VALUES = _words(
    "null true -1 0 1 -0 1.0 1e2 1e400 NaN Infinity -Infinity 01 0x10 18446744073709551615"
    " 18446744073709551616 9007199254740993 340282366920938463463374607431768211456"
    ' "" "0" "zz" "\\u0000" "\\ud800" "\\udc00\\ud800" "\\uff11" "\\u2028" "\xe9" [] [[]] {}'
    ' [1,"a"] {"a":1} [null] "a\\nb" "../../x" "%s%n"'
)
TOML_VALUES = _words(
    "true -1 0 1 +1 1_0 1.0 1e2 nan inf -inf 0x10 0o7 18446744073709551616 9223372036854775808"
    ' "" "0" "\\u0000" "\\ud800" "\\U00110000" \'\' """""" [] [[]] {} [1,"a"] {a=1} {a.b=1}'
    " 1979-05-27 07:32:00 \xe9 \x00 \x7f"
)
CELLS = _words(
    "0 -1 -0 00 1.0 1e9 1e400 NaN inf 18446744073709551615 18446744073709551616 0.000000000001"
    ' . -. " "" """ \xe9 \x00 \x85 \uff11 \u0663 0x1F =1+1 buy sell'
)
_LENGTHS = [0, 1, 2, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, 2**31 - 1, 2**31]
_LENGTHS += [2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1]
_MEMBER = re.compile(r'\{\s*("(?:[^"\\]|\\.)*"\s*:)')
_MARK = "\x01mark\x01"


def any_bytes(rng: random.Random, data: bytes, seeds: list[bytes]) -> bytes:
    """One change to the bytes, of no regard to what they mean."""
    return rng.choice(BYTE_MUTATORS)(rng, data, seeds)


def flip(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    place = rng.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]


def flips(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(2, 16)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def truncate(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    return data[: rng.choice([0, rng.randrange(len(data)), len(data) - 1])]


def extend(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    return data + rng.randbytes(rng.choice([1, 1, 7, 64, 4096]))


def insert(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + bytes([rng.randrange(256)]) * rng.randint(1, 9) + data[place:]


def remove(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    place = rng.randrange(len(data))
    return data[:place] + data[place + rng.randint(1, 40) :]


def duplicate(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    start, place = rng.randrange(len(data)), rng.randrange(len(data))
    return data[:place] + data[start : start + rng.randint(1, 200)] + data[place:]


def splice(rng: random.Random, data: bytes, seeds: list[bytes]) -> bytes:
    other, place = rng.choice(seeds), rng.randrange(len(data))
    return data[:place] + other[rng.choice([place, rng.randrange(len(other) + 1)]) :]


def length_field(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """An extreme integer of 1, 2, 4 or 8 bytes; mostly near the start, where the lengths stand."""
    width = rng.choice([1, 2, 4, 8])
    near = min(len(data), 96) if rng.random() < 0.7 else len(data)
    place = rng.randrange(near)
    value = rng.choice(_LENGTHS) % (1 << 8 * width)
    written = value.to_bytes(width, rng.choice(["big", "little"]))
    return data[:place] + written + data[place + width :]


def block(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """One 32-byte element all zeros, all ones, or copied from another place."""
    place = rng.randrange(len(data))
    start = rng.randrange(len(data))
    element = rng.choice([bytes(32), b"\xff" * 32, data[start : start + 32]])
    return (data[:place] + element + data[place + 32 :])[: len(data)]


BYTE_MUTATORS: list[Mutator] = [
    flip,
    flips,
    truncate,
    extend,
    insert,
    remove,
    duplicate,
    splice,
    length_field,
    block,
]


def json_document(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """One change to a JSON document: a member dropped, doubled, nested, renamed or of another
    type, number or text than it should be."""
    kind = rng.randrange(8)
    if kind == 0:
        return _double_member(rng, data.decode()).encode()
    document: Any = json.loads(data)
    parent, key = _somewhere(rng, document)
    if kind == 1:
        del parent[key]
    elif kind == 2 and isinstance(parent, dict):
        parent[rng.choice([key + "x", key.upper(), "", "\ud800", "__class__"])] = parent.pop(key)
    elif kind == 3 and isinstance(parent[key], str) and parent[key]:
        parent[key] = _other_text(rng, parent[key])
    elif kind == 4 and type(parent[key]) is int:
        parent[key] = rng.choice([parent[key] + 1, -parent[key], parent[key] << 64])
        return _dumped(document)
    else:
        parent[key] = _MARK
        token = rng.choice([_nested(rng), "1" * 5000]) if kind == 5 else rng.choice(JSON_VALUES)
        return _dumped(document).replace(json.dumps(_MARK).encode(), token.encode())
    return _dumped(document)


def json_line(rng: random.Random, data: bytes, seeds: list[bytes]) -> bytes:
    """The same for one line of many, or lines dropped, doubled and swapped."""
    lines = data.splitlines()
    number = rng.randrange(len(lines))
    if rng.random() < 0.7:
        lines[number] = json_document(rng, lines[number], seeds)
        return b"\n".join(lines) + b"\n"
    return _whole_lines(rng, lines)


def toml_text(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """Another value or key in a line of TOML, or lines dropped, doubled and swapped."""
    lines = data.splitlines()
    number = rng.randrange(len(lines))
    if rng.random() < 0.3 or b"=" not in lines[number]:
        return _whole_lines(rng, lines)
    key, _, value = lines[number].partition(b"=")
    token = rng.choice([_nested(rng), "1" * 5000, *TOML_VALUES * 2]).encode(
        "utf-8", "surrogatepass"
    )
    changed = [
        key + b"= " + token,
        key + b"x =" + value,
        key.strip() + b"." + key.strip() + b" =" + value,
        lines[number] + b"\n" + lines[number],
    ]
    lines[number] = rng.choice([changed[0], *changed])
    return b"\n".join(lines) + b"\n"


def csv_text(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """Another cell in a line of CSV, one more or fewer, or lines dropped, doubled and swapped."""
    lines = data.splitlines()
    number = rng.randrange(len(lines))
    if rng.random() < 0.2:
        return _whole_lines(rng, lines)
    cells = lines[number].split(b",")
    place = rng.randrange(len(cells))
    other = rng.choice([*CELLS, "9" * 400, "a" * 70_000 if rng.random() < 0.01 else "a" * 70])
    cells[place : place + rng.choice([0, 1, 1, 1, 1, 2])] = [other.encode()]
    lines[number] = b",".join(cells)
    return rng.choice([b"\n", b"\n", b"\n", b"\r\n", b"\r"]).join(lines) + b"\n"


def _whole_lines(rng: random.Random, lines: list[bytes]) -> bytes:
    lines = lines[:]
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(3):
        case 0:
            del lines[one]
        case 1:
            lines.insert(other, lines[one])
        case _:
            lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines) + b"\n"


def _somewhere(rng: random.Random, document: Any) -> tuple[Any, Any]:
    """A container in a document, and a key or position in it."""
    place = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = rng.choice(keys)
        if not isinstance(place[key], (dict, list)) or not place[key] or rng.random() < 0.2:
            return place, key
        place = place[key]


def _other_text(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text))
    return rng.choice(
        [
            text[:place] + rng.choice("0123456789abcdef") + text[place + 1 :],
            text.upper(),
            text + text,
            text[:place],
            text + "\0",
            " " + text,
            text + "\n",
            text[::-1],
            text[:place] + chr(rng.choice([0x7F, 0xE9, 0x0661, 0xD800, 0x1F600])) + text[place:],
        ]
    )


def _double_member(rng: random.Random, text: str) -> str:
    found = rng.choice(list(_MEMBER.finditer(text)))
    value = rng.choice(JSON_VALUES)
    return f"{text[: found.start(1)]}{found.group(1)}{value},{text[found.start(1) :]}"


def _nested(rng: random.Random) -> str:
    depth = rng.choice([2, 60, 64, 65, 66, 300, 1100] + [20_000] * (rng.random() < 0.02))
    return rng.choice(["[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth, "[" * depth])


def _dumped(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode("utf-8", "surrogatepass")
