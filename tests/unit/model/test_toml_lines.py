"""Lines of keys in texts that try to hide them."""

from __future__ import annotations

from zkroute.model.toml_lines import key_lines, line_of

TEXT = '''\
a = 1 # b = 2
"quoted # key" = "x = [1]"
list = [
  "one", # [not.a.table]
  "two = 2",
]
text = """
[nor.this]
c = 3
"""
[ first . "second part" ] # [comment]
dotted.key = { inline = 1, other = [1, 2] }
[[many]]
x = 1
[[many]]
[many.inner]
y = 2
[[many.deep]]
z = 'a"b'
last = 1
'''


def test_every_key_is_found_on_its_line() -> None:
    assert key_lines(TEXT) == {
        ("a",): 1,
        ("quoted # key",): 2,
        ("list",): 3,
        ("text",): 7,
        ("first", "second part"): 11,
        ("first", "second part", "dotted"): 12,
        ("first", "second part", "dotted", "key"): 12,
        ("many",): 13,
        ("many", 0): 13,
        ("many", 0, "x"): 14,
        ("many", 1): 15,
        ("many", 1, "inner"): 16,
        ("many", 1, "inner", "y"): 17,
        ("many", 1, "deep"): 18,
        ("many", 1, "deep", 0): 18,
        ("many", 1, "deep", 0, "z"): 19,
        ("many", 1, "deep", 0, "last"): 20,
    }


def test_unknown_paths_take_the_line_of_the_table_around_them() -> None:
    lines = key_lines(TEXT)
    assert line_of(lines, ("many", 1, "inner", "missing", 3)) == 16
    assert line_of(lines, ("first", "second part", "dotted", "key", "inline")) == 12
    assert line_of(lines, ("nowhere",)) is None
