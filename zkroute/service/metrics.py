"""Counters for Prometheus: how many, how long, how far. Nothing about orders."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The numbers of one service; each service has its own registry."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.accepted = Counter(
            "zkroute_batches_accepted",
            "Batches accepted for the first time",
            registry=self._registry,
        )
        self.again = Counter(
            "zkroute_batches_accepted_again",
            "Batches that were in the ledger already",
            registry=self._registry,
        )
        self.refused = Counter(
            "zkroute_batches_refused", "Batches refused", ["code"], registry=self._registry
        )
        self.seconds = Histogram(
            "zkroute_gate_seconds",
            "Time the gate took for a batch",
            buckets=BUCKETS,
            registry=self._registry,
        )
        self.head = Gauge(
            "zkroute_head_batch",
            "Number of the newest accepted batch, -1 for none",
            registry=self._registry,
        )
        self.head.set(-1)

    def text(self) -> bytes:
        """The page that Prometheus reads."""
        return generate_latest(self._registry)
