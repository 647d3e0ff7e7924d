"""JSON nested as deeply as py_ecc's recursion limit allows would end the process."""

import json

import pytest

from zkroute.model.json_text import MAX_DEPTH, load_json


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"a":' * 200_000, '["\\"]",' + "[" * 100, "[{" * 40 + "}]" * 40]
)
def test_deep_nesting_is_refused_before_it_is_parsed(text: str) -> None:
    with pytest.raises(ValueError, match="nested deeper"):
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
