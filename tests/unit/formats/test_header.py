"""header.json: every field comes back, and nothing but a well-formed header is read."""

import json
from dataclasses import fields, replace

import pytest

from prover.state import CommittedBatch
from tests.support.world import make_world
from zkroute.errors import MalformedError
from zkroute.formats.header import MAX_HEADER_BYTES, decode_header, encode_header
from zkroute.protocol.header import Header

NAMES = [each.name for each in fields(Header)]


@pytest.fixture(scope="module")
def batch(first: CommittedBatch) -> CommittedBatch:
    return first


def changed(header: Header, **values: object) -> bytes:
    document = json.loads(encode_header(header)) | values
    return json.dumps(
        {name: value for name, value in document.items() if value is not None}
    ).encode()


def test_a_header_comes_back_as_it_was(first: CommittedBatch, second: CommittedBatch) -> None:
    plain = make_world()
    for batch in (first, second, plain.commit(plain.orders(5))):
        assert decode_header(encode_header(batch.header), "h") == batch.header


def test_only_published_figures_are_in_the_file(first: CommittedBatch) -> None:
    assert set(json.loads(encode_header(first.header))["figures"]) == {
        "counts",
        "loads",
        "herfindahl",
        "max_count",
        "placed_count",
    }
    plain = make_world()
    assert json.loads(encode_header(plain.commit(plain.orders(5)).header))["figures"] == {}


def test_the_file_is_ascii_json_with_every_field_under_its_name(batch: CommittedBatch) -> None:
    document = json.loads(encode_header(batch.header).decode("ascii"))
    assert list(document) == ["format", *NAMES]
    assert document["format"] == "zkroute-header"


def test_spacing_and_order_of_keys_are_free(batch: CommittedBatch) -> None:
    document = json.loads(encode_header(batch.header))
    shuffled = json.dumps(dict(reversed(document.items())), separators=(",", ":")).encode()
    assert decode_header(shuffled, "h") == batch.header


@pytest.mark.parametrize("name", ["format", *NAMES])
def test_every_field_is_required(batch: CommittedBatch, name: str) -> None:
    with pytest.raises(MalformedError, match=rf"^h: {name}: is missing"):
        decode_header(changed(batch.header, **{name: None}), "h")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [True, -1, [7], {"a": 1}, "", "0x 0", "é" * 64])
def test_a_value_of_another_type_is_refused(
    batch: CommittedBatch, name: str, value: object
) -> None:
    with pytest.raises(MalformedError, match=rf"^h: {name}"):
        decode_header(changed(batch.header, **{name: value}), "h")


@pytest.mark.parametrize("name", ["previous", "key", "work_after", "slices", "signature"])
def test_upper_case_digits_are_refused(batch: CommittedBatch, name: str) -> None:
    mixed = "A" + json.loads(encode_header(batch.header))[name][1:]
    with pytest.raises(MalformedError, match=f"h: {name}: .*lower-case"):
        decode_header(changed(batch.header, **{name: mixed}), "h")


def test_unknown_keys_are_refused_by_name(batch: CommittedBatch) -> None:
    with pytest.raises(MalformedError, match=r"slot: unknown key .did you mean 'slots'"):
        decode_header(changed(batch.header, slot=64), "h")


def test_a_repeated_key_is_refused(batch: CommittedBatch) -> None:
    text = encode_header(batch.header).decode()
    doubled = text.replace('"batch": 0,', '"batch": 0, "batch": 1,')
    with pytest.raises(MalformedError, match="'batch' is given twice"):
        decode_header(doubled.encode(), "h")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"\xff\xfe{}", "outside ASCII"),
        ('{"chain": "\u00e9"}'.encode(), "outside ASCII"),
        (b"[" * 60_000, "nested deeper than 64 levels"),
        (b'{"a":' * 10_000, "nested deeper than 64 levels"),
        (b'{"batch": 1.5}', "1.5 is not a whole number"),
        (b'{"batch": 1e3}', "1e3 is not a whole number"),
        (b'{"batch": NaN}', "NaN is not a whole number"),
        (b'{"batch": ' + b"9" * 5000 + b"}", "not JSON as it is read here"),
        (b" " * (MAX_HEADER_BYTES + 1), "at most"),
        (b'{"format": "zkroute-verifying-key"}', "format: must be one of zkroute-header"),
    ],
)
def test_what_is_no_header_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(MalformedError, match=reason):
        decode_header(data, "h")


def test_another_version_is_refused(batch: CommittedBatch) -> None:
    with pytest.raises(MalformedError, match="version: 2 is not supported"):
        decode_header(changed(batch.header, version=2), "h")


def test_numbers_beyond_64_bits_are_refused(batch: CommittedBatch) -> None:
    with pytest.raises(MalformedError, match="order_count: must be between"):
        decode_header(changed(batch.header, order_count=1 << 64), "h")


def test_points_off_the_curve_are_refused(batch: CommittedBatch) -> None:
    document = json.loads(encode_header(batch.header))
    wrong = ["80" + "00" * 31, *document["columns"][1:]]
    with pytest.raises(MalformedError, match=r"h: columns\[1\]: no point of the curve"):
        decode_header(changed(batch.header, columns=wrong), "h")
    with pytest.raises(MalformedError, match="h: work_after: the flag bits"):
        decode_header(changed(batch.header, work_after="00" * 32), "h")


def test_infinity_only_stands_for_no_work_before(batch: CommittedBatch) -> None:
    infinity = "40" + "00" * 31
    assert json.loads(encode_header(batch.header))["work_before"] == infinity
    with pytest.raises(MalformedError, match="work_after: the point at infinity"):
        decode_header(changed(batch.header, work_after=infinity), "h")
    with pytest.raises(MalformedError, match=r"columns\[1\]: the point at infinity"):
        decode_header(changed(batch.header, columns=[infinity]), "h")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("counts", []),
        ("counts", [1, -1]),
        ("counts", [True]),
        ("loads", "1"),
        ("loads", [1 << 64]),
        ("herfindahl", None),
        ("herfindahl", 1.0),
        ("max_count", "3"),
        ("surprise", 1),
    ],
)
def test_figures_are_whole_numbers(batch: CommittedBatch, name: str, value: object) -> None:
    figures = json.loads(encode_header(batch.header))["figures"] | {name: value}
    with pytest.raises(MalformedError, match=rf"^h: (figures\.{name}|not JSON)"):
        decode_header(changed(batch.header, figures=figures), "h")


def test_infinity_stands_for_nothing_taken_over_only(
    first: CommittedBatch, second: CommittedBatch
) -> None:
    infinity = "40" + "00" * 31
    document = json.loads(encode_header(first.header))
    assert document["carry_before"] == [infinity] * 3
    assert infinity not in json.loads(encode_header(second.header))["carry_before"]
    with pytest.raises(MalformedError, match=r"carry_after\[1\]: the point at infinity"):
        decode_header(changed(first.header, carry_after=[infinity] * 3), "h")


@pytest.mark.parametrize("count", [0, 33])
def test_the_number_of_columns_is_bounded(batch: CommittedBatch, count: int) -> None:
    column = json.loads(encode_header(batch.header))["columns"][0]
    with pytest.raises(MalformedError, match="columns: must be a list of 1 to 32 points"):
        decode_header(changed(batch.header, columns=[column] * count), "h")


def test_every_field_reaches_the_file(batch: CommittedBatch) -> None:
    plain = encode_header(batch.header)
    others = {
        int: lambda value: value + 1,
        str: lambda value: value + "x",
        bytes: lambda value: bytes([value[0] ^ 1]) + value[1:],
        tuple: lambda value: value[1:],
        type(None): lambda _value: batch.header.columns[0],
    }
    for name in NAMES:
        value = getattr(batch.header, name)
        if name == "work_after":
            value = None
        if name == "figures":
            others[type(value)] = lambda value: replace(value, max_count=value.max_count + 1)
        other = replace(batch.header, **{name: others[type(value)](value)})
        assert encode_header(other) != plain, name
