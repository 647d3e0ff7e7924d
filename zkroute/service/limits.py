"""What one request may cost, and who may make it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds that hold whatever a client sends."""

    body_bytes: int = 1 << 26
    """Longest request; a slice of 100,000 orders in base64 has about 50 MB."""
    seconds: float = 30.0
    """Longest wait for a request's body, and for its answer; the gate may finish later, and a
    second request then finds out."""
    at_once: int = 4
    """Batches checked at the same time; further ones are turned away, not queued."""
    token: str | None = None
    """What a client must send as ``Authorization: Bearer``; None lets everybody in."""
