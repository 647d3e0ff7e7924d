"""key.json: the key comes back; points, SRS, policy and digest are held against each other."""

import json
from dataclasses import replace

import pytest

from tests.support.world import World
from zkroute.algebra.groups import GENERATOR_G2, encode_g2
from zkroute.errors import MalformedError
from zkroute.formats.key import MAX_KEY_BYTES, decode_key, encode_key
from zkroute.model.document import MAX_DOCUMENT_BYTES

FIELDS = [
    "format",
    "version",
    "digest",
    "log_rows",
    "nodes",
    "circuit",
    "srs",
    "g2_tau",
    "fixed",
    "policy",
]


@pytest.fixture(scope="module")
def encoded(world: World) -> bytes:
    return encode_key(world.proving_key.key)


def changed(encoded: bytes, **values: object) -> bytes:
    document = json.loads(encoded) | values
    return json.dumps(
        {name: value for name, value in document.items() if value is not None}
    ).encode()


def test_a_key_comes_back_as_it_was(world: World, encoded: bytes) -> None:
    key = decode_key(encoded, "k")
    assert key == world.proving_key.key
    assert key.digest == world.proving_key.key.digest


def test_the_file_names_every_field(encoded: bytes) -> None:
    assert list(json.loads(encoded)) == FIELDS


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_required(encoded: bytes, name: str) -> None:
    with pytest.raises(MalformedError, match=rf"^k: {name}: is missing"):
        decode_key(changed(encoded, **{name: None}), "k")


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", [True, -1, "", [1], "zz" * 32, {"a": 1}])
def test_a_value_of_another_type_is_refused(encoded: bytes, name: str, value: object) -> None:
    with pytest.raises(MalformedError, match=r"^k: "):
        decode_key(changed(encoded, **{name: value}), "k")


def test_unknown_keys_are_refused(encoded: bytes) -> None:
    with pytest.raises(MalformedError, match="comment: unknown key"):
        decode_key(changed(encoded, comment="hello"), "k")


def test_a_stated_digest_that_is_not_the_keys_is_refused(encoded: bytes) -> None:
    with pytest.raises(MalformedError, match="k: digest: is not that of this key"):
        decode_key(changed(encoded, digest="00" * 32), "k")


@pytest.mark.parametrize("name", ["log_rows", "nodes"])
def test_a_changed_number_shows_in_the_digest(encoded: bytes, name: str) -> None:
    value = json.loads(encoded)[name] + 1
    with pytest.raises(MalformedError, match="k: digest: is not that of this key"):
        decode_key(changed(encoded, **{name: value}), "k")


def test_an_identifier_of_another_srs_is_refused(encoded: bytes) -> None:
    with pytest.raises(MalformedError, match="k: srs: is not the identifier"):
        decode_key(changed(encoded, srs="ceremony-" + "0" * 32), "k")


def test_tau_must_be_in_the_subgroup_and_not_the_generator(world: World, encoded: bytes) -> None:
    generator = encode_g2(GENERATOR_G2).hex()
    with pytest.raises(MalformedError, match=r"k: g2_tau: .* is the generator"):
        decode_key(changed(encoded, g2_tau=generator), "k")
    with pytest.raises(MalformedError, match="k: g2_tau: the point at infinity"):
        decode_key(changed(encoded, g2_tau="00" * 128), "k")
    with pytest.raises(MalformedError, match="k: g2_tau: the point is not on the twisted curve"):
        decode_key(changed(encoded, g2_tau="01" * 128), "k")


def test_fixed_points_must_be_on_the_curve(encoded: bytes) -> None:
    with pytest.raises(MalformedError, match=r"k: fixed\[1\]: no point"):
        decode_key(changed(encoded, fixed=["80" + "00" * 31]), "k")
    with pytest.raises(MalformedError, match=r"k: fixed\[1\]: the point at infinity"):
        decode_key(changed(encoded, fixed=["40" + "00" * 31]), "k")


def test_more_nodes_than_slots_are_refused(encoded: bytes) -> None:
    with pytest.raises(MalformedError, match="k: nodes: 65, but the policy has 64 slots"):
        decode_key(changed(encoded, nodes=65), "k")


def test_every_slot_may_have_its_node(world: World) -> None:
    full = replace(world.proving_key.key, nodes=world.policy.slots)
    assert decode_key(encode_key(full), "k") == full


def test_there_is_room_for_the_longest_policy() -> None:
    assert MAX_KEY_BYTES > MAX_DOCUMENT_BYTES + (1 << 20)


def test_a_policy_must_be_written_out_in_full(encoded: bytes) -> None:
    policy = json.loads(encoded)["policy"]
    del policy["widths"]
    with pytest.raises(MalformedError, match=r"k: policy: .*not in its canonical form"):
        decode_key(changed(encoded, policy=policy), "k")
    policy["surprise"] = 1
    with pytest.raises(MalformedError, match=r"k: policy: .*surprise: unknown key"):
        decode_key(changed(encoded, policy=policy), "k")


def test_a_file_that_is_too_long_is_refused_unread() -> None:
    with pytest.raises(MalformedError, match="such a file has at most"):
        decode_key(b" " * (MAX_KEY_BYTES + 1), "k")
