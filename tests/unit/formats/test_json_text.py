"""JSON nested as deeply as py_ecc's recursion limit allows would end the process."""

import json

import pytest

from zkroute.errors import MalformedError
from zkroute.formats.strict_json import load_object
from zkroute.model.json_text import MAX_DEPTH, load_json


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"a":' * 200_000, '["\\"]",' + "[" * 100, "[{" * 40 + "}]" * 40]
)
def test_deep_nesting_is_refused_before_it_is_parsed(text: str) -> None:
    with pytest.raises(ValueError, match=r"nested deeper|more values"):
        load_json(text)


@pytest.mark.parametrize(
    "value",
    ["[" * 500, {"a": ["{" * 100, '"' * 100, "\\" * 7]}, [[1]] * 500, [[], {}] * 100],
)
def test_brackets_in_strings_and_side_by_side_do_not_count(value: object) -> None:
    assert load_json(json.dumps(value)) == value


def test_the_limit_itself_is_allowed() -> None:
    text = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert json.dumps(load_json(text)) == text


@pytest.mark.parametrize("value", ["[],", "{},", "0,", '"a":0,'])
def test_many_small_values_are_refused_before_they_are_parsed(value: str) -> None:
    """They would take many times the memory of their text."""
    with pytest.raises(ValueError, match="more values"):
        load_json("[" + value * 500_000 + "0]")


def test_long_lists_of_digests_are_read() -> None:
    digests = ["ab" * 32] * 200_000
    assert load_json(json.dumps(digests)) == digests
    assert load_json(json.dumps(list(range(60_000)))) == list(range(60_000))


def test_an_unknown_key_is_not_repeated_at_length() -> None:
    table = load_object(json.dumps({"k" * 100_000: 1}).encode(), "file", 1 << 20)
    with pytest.raises(MalformedError) as refused:
        table.finish()
    assert len(str(refused.value)) < 200
