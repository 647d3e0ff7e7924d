"""The verifier, on one page: the steps are numbered as under "Verification" in docs/protocol.md."""

from __future__ import annotations

from circuits.instance import Instance, public_columns, slice_claim
from circuits.ir.table import Kind
from verifier.accept import Acceptance, check_header, check_key
from verifier.constraints import AtPoint, quotient_value
from verifier.errors import Code, VerificationError
from verifier.opening import PairingCheck, Query, opening_check
from verifier.self_test import POWER_ON
from zkroute.algebra.domain import ChallengeInDomainError, root_of_unity
from zkroute.algebra.groups import PointG1
from zkroute.algebra.scalars import MODULUS
from zkroute.algebra.verification import ArithmeticFaultError
from zkroute.errors import MalformedError, MismatchError
from zkroute.formats.proof import decode_proof
from zkroute.model.snapshot import Snapshot
from zkroute.protocol.header import Header
from zkroute.protocol.key import VerifyingKey
from zkroute.protocol.proof import Proof, ProofLayout, queries, queries_next
from zkroute.protocol.schedule import Schedule


def verify(key: VerifyingKey, header: Header, proof: bytes, accept: Acceptance) -> None:
    """Returns nothing if the batch is proven under what the caller accepts; raises otherwise.

    Guarantees: the header is signed by an accepted router, stands where ``accept.after`` says,
    and its committed orders were assigned by the accepted policy and snapshot (docs/statement.md),
    but for the soundness error of docs/protocol.md.

    Raises VerificationError with the code of the first check that failed.
    """
    _decide(prepare(key, header, proof, accept), key)


def judge(key: VerifyingKey, header: Header, proof: bytes, accept: Acceptance) -> None:
    """``verify`` without step 0: what the self-test of step 0 tests."""
    _decide(_prepare(key, header, proof, accept), key)


def prepare(key: VerifyingKey, header: Header, proof: bytes, accept: Acceptance) -> PairingCheck:
    """Every step of ``verify`` but the pairing; the batch is proven if the returned claim holds."""
    # 0. Once in a process, what is good must be accepted here and what is bad refused.
    POWER_ON.require(judge)
    return _prepare(key, header, proof, accept)


def _decide(check: PairingCheck, key: VerifyingKey) -> None:
    # 9. The pairing, after every cheap check.
    if not check.holds(key.g2_tau):
        raise VerificationError(Code.OPENING_INVALID, "the proof does not hold for this header")


def _prepare(key: VerifyingKey, header: Header, proof: bytes, accept: Acceptance) -> PairingCheck:
    # 1. The key is one the caller named; it is the header's own.
    check_key(key, header, accept)
    # 2. The header is well-formed, signed, and extends the chain.
    snapshot = _checked_header(key, header, accept)
    # 3. Proof bytes become points on the curve and canonical scalars.
    lowered = key.circuit.lowered
    try:
        messages = decode_proof(proof, ProofLayout.of(lowered, key.nodes))
    except MalformedError as error:
        raise VerificationError(Code.PROOF_MALFORMED, str(error)) from None
    except ArithmeticFaultError as error:
        raise VerificationError(Code.SELF_TEST_FAILED, str(error)) from error
    try:
        return _pairing_check(key, header, messages, snapshot)
    except (ChallengeInDomainError, ZeroDivisionError):
        raise VerificationError(
            Code.CHALLENGE_DEGENERATE, "a challenge fell into an evaluation domain"
        ) from None


def _checked_header(key: VerifyingKey, header: Header, accept: Acceptance) -> Snapshot:
    try:
        circuit = key.circuit
    except MismatchError as error:
        raise VerificationError(Code.CIRCUIT_MISMATCH, str(error)) from None
    snapshot = check_header(key, header, accept)
    if len(key.fixed) != 2 or circuit.shape.log_rows != header.log_rows:
        raise VerificationError(Code.KEY_MISMATCH, "the key's sizes are not its circuit's")
    return snapshot


def _pairing_check(
    key: VerifyingKey, header: Header, proof: Proof, snapshot: Snapshot
) -> PairingCheck:
    circuit = key.circuit
    lowered = circuit.lowered
    # 4. The transcript: header and key first, then every message before what depends on it.
    schedule = Schedule(key, header)
    challenges = schedule.witness(proof.witness)
    challenges |= schedule.helpers(proof.helpers, proof.slice_digests)
    challenges |= schedule.accumulator(proof.accumulator)
    challenges |= schedule.quotient(proof.quotient)
    challenges |= schedule.evaluations(proof.evaluations, proof.evaluations_next)
    challenges |= schedule.openings(proof.opening, proof.opening_next)
    point = challenges["evaluation_point"]
    # 5. What is public is computed here, not taken from the proof.
    try:
        instance = Instance.of(
            key.policy,
            snapshot,
            header.elapsed_ms,
            header.first_sequence,
            header.order_count,
            header.figures,
        )
    except MismatchError as error:
        raise VerificationError(Code.SNAPSHOT_MISMATCH, str(error)) from None
    public = public_columns(circuit, instance, challenges["slice_node"])
    claims = instance.claims | {"slice_digests": slice_claim(public, proof.slice_digests)}
    # 6. The gates at the evaluation point fix the quotient's value.
    cells = queries(lowered)
    cells_next = queries_next(lowered)
    queried = {
        (cell.table, cell.column, 0): value
        for cell, value in zip(cells, proof.evaluations, strict=True)
    } | {
        (cell.table, cell.column, 1): value
        for cell, value in zip(cells_next, proof.evaluations_next, strict=True)
    }
    at_point = AtPoint(lowered, queried, public, challenges, claims)
    quotient = quotient_value(lowered, at_point, challenges)
    # 7. Every value is tied to the commitment it is claimed for.
    commitments = _commitments(key, header, proof)
    here = [
        Query((commitments[cell.table, cell.column],), (1,), queried[cell.table, cell.column, 0])
        for cell in cells
    ]
    rows = 1 << circuit.shape.log_rows
    chunk_scalars = tuple(pow(point, rows * i, MODULUS) for i in range(len(proof.quotient)))
    here.append(Query(proof.quotient, chunk_scalars, quotient))
    there = [
        Query((commitments[cell.table, cell.column],), (1,), queried[cell.table, cell.column, 1])
        for cell in cells_next
    ]
    # 8. One claim about two pairings stands for all of them.
    return opening_check(
        here,
        there,
        point,
        point * root_of_unity(circuit.shape.log_rows) % MODULUS,
        challenges["opening_fold"],
        challenges["opening_join"],
        proof.opening,
        proof.opening_next,
    )


def _commitments(key: VerifyingKey, header: Header, proof: Proof) -> dict[tuple[str, str], PointG1]:
    """Which point belongs to which column: fixed, header, witness, helpers, accumulator."""
    points = {
        Kind.FIXED: key.fixed,
        Kind.HEADER: (
            *header.columns,
            header.work_before,
            header.work_after,
            *header.carry_before,
            *header.carry_after,
        ),
        Kind.WITNESS: proof.witness,
        Kind.HELPER: proof.helpers,
        Kind.ACCUMULATOR: (proof.accumulator,),
    }
    circuit = key.circuit.lowered.circuit
    return {
        (column.table, column.name): point
        for kind, group in points.items()
        for column, point in zip(circuit.columns(kind), group, strict=True)
    }
