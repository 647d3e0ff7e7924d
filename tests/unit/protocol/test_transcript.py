"""The transcript binds every message, its label, kind, count and framing (attacks F1, F6, F8)."""

import hashlib
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.transcripts import LoggingTranscript
from zkroute.algebra.groups import GENERATOR_G1, encode_g1, multiply_g1
from zkroute.algebra.scalars import MODULUS, encode_scalar
from zkroute.protocol.transcript import Transcript

Message = tuple[str, str, object]


def run(messages: list[Message], protocol: bytes = b"test") -> Transcript:
    transcript = Transcript(protocol)
    for method, label, value in messages:
        if method == "challenge":
            transcript.challenge(label)
        else:
            getattr(transcript, method)(label, value)
    return transcript


# --- known answers, computed here from the definition in plain hashlib ------------------------


def chained(state: bytes, tag: int, label: bytes, data: bytes) -> bytes:
    frame = len(label).to_bytes(4, "big") + label + len(data).to_bytes(8, "big") + data
    return hashlib.sha256(state + bytes([tag]) + frame).digest()


def test_state_follows_the_definition() -> None:
    state = hashlib.sha256(b"zkroute/transcript/v1").digest()
    state = chained(state, 0, b"protocol", b"test")
    state = chained(state, 1, b"claim", b"some bytes")
    state = chained(state, 2, b"column", encode_g1(GENERATOR_G1))
    state = chained(state, 3, b"none", b"")
    state = chained(state, 5, b"values", encode_scalar(1) + encode_scalar(2))
    transcript = run(
        [
            ("absorb", "claim", b"some bytes"),
            ("absorb_point", "column", GENERATOR_G1),
            ("absorb_points", "none", []),
            ("absorb_scalars", "values", [1, 2]),
        ]
    )
    state = chained(state, 6, b"zeta", b"")
    wide = b"".join(hashlib.sha256(state + bytes([6, counter])).digest() for counter in (0, 1))
    assert transcript.challenge("zeta") == 1 + int.from_bytes(wide, "big") % (MODULUS - 1)


def test_known_answers() -> None:
    transcript = Transcript(b"zkroute/v1")
    assert transcript.challenge("alpha") == KNOWN_EMPTY
    transcript.absorb("claim", b"abc")
    transcript.absorb_point("column", multiply_g1(GENERATOR_G1, 5))
    transcript.absorb_scalars("evaluation", [MODULUS - 1])
    assert transcript.challenge("zeta") == KNOWN_AFTER_MESSAGES
    assert transcript.challenge("zeta") == KNOWN_SECOND_DRAW


KNOWN_EMPTY = 0x2AE2242F07E3FFE38C4EE64A263A3454641D560F38C9D11618AE5AA807E001A0
KNOWN_AFTER_MESSAGES = 0x063700365C3B52C7F03E0C4184DD42D93C631F32991C9ADFFB391B3E6F0B8D88
KNOWN_SECOND_DRAW = 0x1B0933D87B7D661A8C598EE8E1F82BFD4E191123C06707654D7C9AAF40635D90


# --- what must differ ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (
            [("absorb", "x", b"ab"), ("absorb", "x", b"c")],
            [("absorb", "x", b"a"), ("absorb", "x", b"bc")],
        ),
        ([("absorb", "ab", b"c")], [("absorb", "a", b"bc")]),
        ([], [("absorb", "x", b"")]),
        ([("absorb", "x", b"")], [("absorb", "x", b""), ("absorb", "x", b"")]),
        ([], [("absorb_points", "x", [])]),
        ([("absorb_points", "x", [])], [("absorb_points", "x", [None])]),
        ([("absorb_points", "x", [])], [("absorb_scalars", "x", [])]),
        ([("absorb_point", "x", None)], [("absorb_points", "x", [None])]),
        ([("absorb_point", "x", None)], [("absorb", "x", bytes(64))]),
        ([("absorb_scalars", "x", [0])], [("absorb_scalars", "x", [0, 0])]),
        ([("absorb_scalars", "x", [0])], [("absorb", "x", bytes(32))]),
        ([("challenge", "x", None)], [("absorb", "x", b"")]),
        (
            [("absorb", "x", b"1"), ("absorb", "y", b"2")],
            [("absorb", "y", b"2"), ("absorb", "x", b"1")],
        ),
        (
            [("absorb", "x", b"1"), ("absorb", "y", b"2")],
            [("absorb", "y", b"1"), ("absorb", "x", b"2")],
        ),
        ([("challenge", "x", None)], []),
    ],
)
def test_kinds_labels_and_framing_bind(left: list[Message], right: list[Message]) -> None:
    assert run(left).challenge("next") != run(right).challenge("next")


def test_protocol_name_binds() -> None:
    assert run([], b"a").challenge("next") != run([], b"b").challenge("next")


def random_message(source: random.Random) -> Message:
    """Short texts over a tiny alphabet, so that careless framing would collide often."""
    label = "".join(source.choices("ab", k=source.randrange(3)))
    method = source.choice(["absorb", "absorb_scalars", "challenge"])
    if method == "absorb":
        return method, label, bytes(source.choices(b"\0ab", k=source.randrange(4)))
    if method == "absorb_scalars":
        return method, label, tuple(source.choices(range(3), k=source.randrange(3)))
    return method, label, None


def test_ten_thousand_pairs_of_sequences_differ() -> None:
    """F6: distinct sequences of messages never give the same challenge."""
    source = random.Random(6)
    seen: dict[int, tuple[Message, ...]] = {}
    for _ in range(10_000):
        first = tuple(random_message(source) for _ in range(source.randrange(5)))
        second = mutated(first, source)
        for sequence in (first, second):
            challenge = run(list(sequence)).challenge("next")
            assert seen.setdefault(challenge, sequence) == sequence
    assert len(seen) > 5_000


def mutated(sequence: tuple[Message, ...], source: random.Random) -> tuple[Message, ...]:
    """Swap, drop, duplicate, relabel or extend."""
    items = list(sequence) or [random_message(source)]
    index = source.randrange(len(items))
    choice = source.randrange(4)
    if choice == 0:
        items[index], items[0] = items[0], items[index]
    elif choice == 1:
        items.pop(index)
    elif choice == 2:
        items.insert(index, items[index])
    else:
        method, label, value = items[index]
        items[index] = (method, label + "a", value)
    return tuple(items)


@given(st.lists(st.binary(max_size=40), max_size=4), st.lists(st.binary(max_size=40), max_size=4))
def test_lists_of_messages_bind(left: list[bytes], right: list[bytes]) -> None:
    drawn = [
        run([("absorb", "x", data) for data in side]).challenge("next") for side in (left, right)
    ]
    assert (drawn[0] == drawn[1]) == (left == right)


# --- challenges --------------------------------------------------------------------------


def test_challenges_differ_by_label_and_draw() -> None:
    assert Transcript(b"t").challenge("a") != Transcript(b"t").challenge("b")
    transcript = Transcript(b"t")
    assert len({transcript.challenge("a") for _ in range(100)}) == 100


def test_log_lists_every_step() -> None:
    transcript = LoggingTranscript(b"test")
    transcript.absorb("claim", b"")
    transcript.absorb_points("columns", [None])
    transcript.challenge("beta")
    plain = run([("absorb", "claim", b""), ("absorb_points", "columns", [None])])
    plain.challenge("beta")
    assert transcript.challenge("gamma") == plain.challenge("gamma")
    assert transcript.log == [
        ("message", "claim"),
        ("points", "columns"),
        ("challenge", "beta"),
        ("challenge", "gamma"),
    ]


def test_challenges_can_be_frozen_by_a_subclass() -> None:
    class Frozen(LoggingTranscript):
        def challenge(self, label: str) -> int:
            super().challenge(label)
            return 5

    frozen = Frozen(b"t")
    assert frozen.challenge("zeta") == 5
    assert frozen.log == [("challenge", "zeta")]


@pytest.mark.parametrize("scalar", [-1, MODULUS, MODULUS + 1])
def test_aliases_of_scalars_are_refused(scalar: int) -> None:
    with pytest.raises(ValueError, match="scalar"):
        Transcript(b"t").absorb_scalars("x", [1, scalar])


def chi_square(counts: Counter[int], weights: list[float]) -> float:
    total = sum(counts.values())
    return sum((counts[i] - total * w) ** 2 / (total * w) for i, w in enumerate(weights) if w)


@pytest.mark.slow
def test_challenges_are_uniform() -> None:
    """F8: chi-square of low byte, top byte and 97 equal slices over 10^5 challenges."""
    transcript = Transcript(b"chi-square")
    draws = [transcript.challenge("x") for _ in range(100_000)]
    assert all(0 < draw < MODULUS for draw in draws)
    shift = MODULUS.bit_length() - 8
    top = MODULUS >> shift
    edges = [min(MODULUS, (byte + 1) << shift) - min(MODULUS, byte << shift) for byte in range(256)]
    cases = [
        (Counter(draw & 0xFF for draw in draws), [1 / 256] * 256),
        (Counter(draw >> shift for draw in draws), [edge / MODULUS for edge in edges[: top + 1]]),
        (Counter(draw * 97 // MODULUS for draw in draws), [1 / 97] * 97),
    ]
    for counts, weights in cases:
        freedom = sum(weight > 0 for weight in weights) - 1
        # mean k, deviation sqrt(2k): six deviations are a chance below 1e-6 for these k
        assert chi_square(counts, weights) < freedom + 6 * (2 * freedom) ** 0.5
