"""Orders signed by their traders: a node can tell a real order from one the router made up.

A trader signs the order record, with the hash of the payload in its ``payload_sha256``, together
with the chain's name. Public key, signature and payload hash are the order's **envelope**, and
the record that the router gets has the hash of the envelope as ``payload_sha256`` in place of the
payload's. So the order digest, which the batch commits to, binds the signature too, and the record
keeps its fixed width (docs/receipts.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from zkroute.formats.slice import ENVELOPE_BYTES
from zkroute.model.order import ORDER_RECORD, Orders, Records, orders_from_records
from zkroute.model.policy import Policy
from zkroute.protocol.signatures import KEY_BYTES
from zkroute.settlement.errors import Reason, SettlementError
from zkroute.settlement.signatures import SIGNATURE_BYTES, first_forged

SIGNATURE_DOMAIN = b"zkroute/order-signature/v1"
ENVELOPE_DOMAIN = b"zkroute/order-envelope/v1"

Traders = Mapping[int, frozenset[bytes]]
"""The public keys that may sign for an account."""


@dataclass(frozen=True)
class SignedOrders:
    """Orders whose digests bind their traders' signatures."""

    orders: Orders
    envelopes: bytes
    """``ENVELOPE_BYTES`` for each: public key, signature, SHA-256 of the payload."""


def sign_orders(orders: Orders, policy: Policy, trader: Ed25519PrivateKey) -> SignedOrders:
    """The same orders with the trader's signature bound into each; all of them must be new.

    Their digests change: these orders take the place of those that came in.
    """
    public = trader.public_key().public_bytes_raw()
    envelopes = []
    for record in _rows(orders.records):
        signature = trader.sign(_message(policy.chain, record))
        payload = record[_PAYLOAD : _PAYLOAD + 32]
        envelopes.append(public + signature + payload)
    records = np.array(orders.records, dtype=ORDER_RECORD)
    seals = b"".join(map(_seal, envelopes))
    records["payload_sha256"] = np.frombuffer(seals, dtype=np.uint8).reshape(-1, 32)
    return SignedOrders(orders_from_records(records, policy, "signed orders"), b"".join(envelopes))


def check_signatures(
    orders: Orders, envelopes: bytes, chain: str, traders: Traders | None = None
) -> None:
    """Every order is signed by its trader, whose key ``traders`` lists for the order's account.

    Without ``traders`` any key will do, which only shows that somebody signed.
    Raises SettlementError naming the first order that is not.
    """
    if len(envelopes) != ENVELOPE_BYTES * len(orders):
        raise SettlementError(
            Reason.ORDER_UNSIGNED, "the orders come without their traders' signatures"
        )
    claims = []
    for position, record in enumerate(_rows(orders.records)):
        envelope = envelopes[position * ENVELOPE_BYTES : (position + 1) * ENVELOPE_BYTES]
        if _seal(envelope) != record[_PAYLOAD : _PAYLOAD + 32]:
            raise SettlementError(
                Reason.ORDER_SIGNATURE_INVALID,
                f"{orders.describe(position)}: the signature beside it is not the one it binds",
            )
        public = envelope[:KEY_BYTES]
        account = int(orders.account[position])
        if traders is not None and public not in traders.get(account, frozenset()):
            raise SettlementError(
                Reason.TRADER_UNKNOWN,
                f"{orders.describe(position)}: account {account} is not known to sign with key "
                f"{public.hex()[:16]}",
            )
        signed = record[:_PAYLOAD] + envelope[-32:] + record[_PAYLOAD + 32 :]
        signature = envelope[KEY_BYTES : KEY_BYTES + SIGNATURE_BYTES]
        claims.append((public, signature, _message(chain, signed)))
    forged = first_forged(claims)
    if forged is not None:
        raise SettlementError(
            Reason.ORDER_SIGNATURE_INVALID,
            f"{orders.describe(forged)}: its trader's signature does not hold",
        )


_PAYLOAD: int = ORDER_RECORD.fields["payload_sha256"][1]  # type: ignore[index]  # it has fields


def _rows(records: Records) -> list[bytes]:
    data, size = records.tobytes(), ORDER_RECORD.itemsize
    return [data[start : start + size] for start in range(0, len(data), size)]


def _message(chain: str, record: bytes) -> bytes:
    name = chain.encode()
    return SIGNATURE_DOMAIN + len(name).to_bytes(8, "big") + name + record


def _seal(envelope: bytes) -> bytes:
    return hashlib.sha256(ENVELOPE_DOMAIN + envelope).digest()
