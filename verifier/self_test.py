"""The power-on self-test: this process's verifier accepts what is good and refuses what is bad.

A verifier that has silently died accepts everything: a pairing that always says yes, lines of
a Miller loop that are all zero, a key read as points at infinity. So before its first use in a
process it judges one good batch and a dozen bad ones from ``data/self_test.json``, which fail at
all kinds of checks, two of them at the pairing itself.

The batch was made under a structured reference string whose tau is public. It is accepted here
and nowhere else: its acceptance policy is built in this module and never leaves it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import resources

from verifier.accept import Acceptance
from verifier.errors import Code, VerificationError
from zkroute.algebra.encoding import G1_COMPRESSED_BYTES
from zkroute.algebra.groups import compress_g1
from zkroute.algebra.scalars import MODULUS, SCALAR_BYTES
from zkroute.algebra.verification import ArithmeticFaultError, verification_arithmetic
from zkroute.errors import ZkrouteError
from zkroute.formats.header import decode_header
from zkroute.formats.key import decode_key
from zkroute.formats.strict_json import check_format, dump_object, hexadecimal, load_object
from zkroute.model.document import canonical
from zkroute.model.snapshot import Snapshot, snapshot_from_canonical
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey
from zkroute.protocol.proof import ProofLayout

FORMAT = "zkroute-self-test"
VERSION = 1
MAX_BYTES = 1 << 17

Judge = Callable[[VerifyingKey, Header, bytes, Acceptance], None]
"""The verifier under test: returns nothing or raises VerificationError."""


@dataclass(frozen=True)
class Golden:
    """One proven batch, and a second header by the same router that claims one order more."""

    key: VerifyingKey
    header: Header
    longer: Header
    snapshot: Snapshot
    proof: bytes

    @property
    def acceptance(self) -> Acceptance:
        """Accepts exactly this."""
        return Acceptance.of(
            [self.key.digest],
            [self.snapshot],
            [self.header.router],
            development_srs=[self.key.srs],
        )


@dataclass(frozen=True)
class Case:
    """What to judge, and the code of the refusal; None for the good batch."""

    what: str
    code: Code | None
    key: VerifyingKey
    header: Header
    proof: bytes
    accept: Acceptance


def golden_bytes() -> bytes:
    """The package's ``data/self_test.json``; made by ``pytest tests/golden --regenerate``."""
    return resources.files("verifier").joinpath("data/self_test.json").read_bytes()


def read_golden(data: bytes) -> Golden:
    """The golden batch in the bytes of ``self_test.json``.

    Raises MalformedError naming the field.
    """
    table = load_object(data, "self_test.json", MAX_BYTES)
    check_format(table, FORMAT, VERSION)
    parts = {
        name: dump_object(table.table(name, optional=False).values)
        for name in ("key", "header", "longer")
    }
    snapshot = snapshot_from_canonical(canonical(table.table("snapshot", optional=False).values))
    key = decode_key(parts["key"], "self_test.json key")
    length = ProofLayout.of(key.circuit.lowered, key.nodes).length
    golden = Golden(
        key,
        decode_header(parts["header"], "self_test.json header"),
        decode_header(parts["longer"], "self_test.json longer"),
        snapshot,
        hexadecimal(table, "proof", length),
    )
    table.finish()
    return golden


def cases(golden: Golden) -> Iterator[Case]:
    """The good batch, then the bad ones."""
    key, header, proof, accept = golden.key, golden.header, golden.proof, golden.acceptance
    good = Case("a good batch", None, key, header, proof, accept)
    yield good

    def bad_proof(what: str, code: Code, changed: bytes) -> Case:
        return replace(good, what=what, code=code, proof=changed)

    def other_acceptance(what: str, code: Code, changed: Acceptance) -> Case:
        return replace(good, what=what, code=code, accept=changed)

    # A proof ends with its values at two points and two opening points.
    value = len(proof) - 2 * G1_COMPRESSED_BYTES - SCALAR_BYTES
    scalar = int.from_bytes(proof[value : value + SCALAR_BYTES], "big")
    one_more = (scalar + 1) % MODULUS
    yield bad_proof("a false value", Code.OPENING_INVALID, _with_scalar(proof, value, one_more))
    yield replace(good, what="another order count", code=Code.OPENING_INVALID, header=golden.longer)
    yield bad_proof(
        "a scalar beyond the group order",
        Code.PROOF_MALFORMED,
        _with_scalar(proof, value, scalar + MODULUS),
    )
    infinity = proof[:-G1_COMPRESSED_BYTES] + compress_g1(None)
    yield bad_proof("an opening at infinity", Code.PROOF_MALFORMED, infinity)
    yield bad_proof("a proof cut short", Code.PROOF_MALFORMED, proof[:-1])
    yield bad_proof("a proof of zeros", Code.PROOF_MALFORMED, bytes(len(proof)))
    forged = header.signed(bytes(len(header.signature)))
    yield replace(good, what="a forged signature", code=Code.SIGNATURE_INVALID, header=forged)
    no_columns = replace(header, columns=(None,) * len(header.columns))
    yield replace(
        good, what="commitments at infinity", code=Code.HEADER_MALFORMED, header=no_columns
    )
    nobody = frozenset[bytes]()
    yield other_acceptance("an unknown key", Code.KEY_UNKNOWN, replace(accept, keys=nobody))
    yield other_acceptance(
        "an unknown router", Code.ROUTER_UNKNOWN, replace(accept, routers=nobody)
    )
    yield other_acceptance(
        "an unknown snapshot", Code.SNAPSHOT_UNKNOWN, replace(accept, snapshots={})
    )
    yield other_acceptance(
        "a development SRS nobody named",
        Code.DEVELOPMENT_SRS,
        replace(accept, development_srs=frozenset()),
    )
    yield other_acceptance("a batch seen before", Code.STALE, replace(accept, after=header))


def _with_scalar(proof: bytes, position: int, scalar: int) -> bytes:
    return (
        proof[:position] + scalar.to_bytes(SCALAR_BYTES, "big") + proof[position + SCALAR_BYTES :]
    )


def run_self_test(judge: Judge) -> None:
    """Returns nothing if ``judge`` accepts the good batch and refuses every bad one as it should.

    Raises VerificationError with Code.SELF_TEST_FAILED otherwise, whatever went wrong.
    """
    try:
        golden = read_golden(golden_bytes())
    except (OSError, ZkrouteError) as error:
        raise _failure(f"its data cannot be used: {error}") from error
    for case in cases(golden):
        try:
            judge(case.key, case.header, case.proof, case.accept)
        except VerificationError as error:
            found: Code | None = error.code
        except Exception as error:
            raise _failure(f"{case.what} stopped it with {type(error).__name__}") from error
        else:
            found = None
        if found is not case.code:
            expected = f"refused as {case.code.value}" if case.code else "accepted"
            seen = f"refused as {found.value}" if found else "accepted"
            raise _failure(f"{case.what} was {seen} where it must be {expected}")


def _failure(why: str) -> VerificationError:
    return VerificationError(
        Code.SELF_TEST_FAILED,
        f"the verifier failed its self-test and must not be used in this process: {why}",
    )


class PowerOn:
    """Runs the self-test once with each arithmetic in use, whichever thread comes first.

    A failure stays, and whatever had passed before is not trusted any more.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._passed: set[str] = set()
        self._failure: str | None = None

    def require(self, judge: Judge) -> None:
        """Returns once the test has passed in this process. Raises VerificationError if not."""
        try:
            arithmetic = verification_arithmetic().name
        except ArithmeticFaultError as error:
            raise VerificationError(Code.SELF_TEST_FAILED, str(error)) from error
        if self._failure is None and arithmetic in self._passed:
            return
        with self._lock:
            if self._failure is not None:
                raise VerificationError(Code.SELF_TEST_FAILED, self._failure)
            if arithmetic in self._passed:
                return
            try:
                run_self_test(judge)
            except VerificationError as error:
                self._failure = str(error)
                raise
            self._passed.add(arithmetic)


POWER_ON = PowerOn()
"""This process's self-test."""
