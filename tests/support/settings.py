"""Settings and honest batches to check, from policy texts, brute-force cases or a whole world."""

from __future__ import annotations

import random
from functools import cache

import numpy as np

from circuits.routing import routing_circuit
from circuits.statement import smallest_log_rows
from prover.prove import build_traces
from prover.state import CommittedBatch, Opening, WorkState
from prover.trace.limbs import to_integers
from tests.property.documents import case_orders
from tests.property.documents import policy_text as case_policy
from tests.property.documents import snapshot_text as case_snapshot
from tests.support.claims import Columns, Setting
from tests.support.policies import ALL_POLICIES, SNAPSHOTS
from tests.support.world import World
from zkroute.algebra.scalars import MODULUS
from zkroute.model.order import EMPTY_PAYLOAD, OrderColumns, Orders, new_orders
from zkroute.model.policy import Policy, parse_policy
from zkroute.model.snapshot import Snapshot, parse_snapshot
from zkroute.routing.batch import RoutedBatch
from zkroute.routing.parameters import node_parameters
from zkroute.routing.router import route


@cache
def documents(name: str) -> tuple[Policy, Snapshot]:
    return parse_policy(ALL_POLICIES[name], name), parse_snapshot(SNAPSHOTS[name], name)


def small_orders(policy: Policy, count: int, rng: random.Random, limit: int = 40) -> Orders:
    """Orders with sizes and prices small enough to meet every rounding and many ties.

    Where the policy bundles orders a third of them are legs; margins are near what rules ask for.
    """
    drawn = [
        np.array([rng.randrange(len(names)) for _ in range(count)], dtype=np.int64)
        for names in policy.dimensions
    ]

    def words() -> np.ndarray:
        return np.array([rng.randint(1, limit) for _ in range(count)], dtype=np.uint64)

    columns = OrderColumns(
        digits=tuple(drawn),
        side=np.ones(count, dtype=np.uint8),
        account=words(),
        size=words(),
        price=words(),
        margin=np.stack([words() % np.uint64(13), np.zeros(count, np.uint64)], axis=1),
        time_ms=words(),
        client_order_id=np.zeros(count, dtype="S32"),
        payload_sha256=np.tile(np.frombuffer(EMPTY_PAYLOAD, dtype=np.uint8), (count, 1)),
        is_leg=np.array([policy.bundles and n > 0 and rng.random() < 0.3 for n in range(count)]),
    )
    return new_orders(policy, columns)


def setting_of(
    policy: Policy,
    snapshot: Snapshot,
    work_before: list[int] | None = None,
    elapsed_ms: int = 0,
    log_rows: int = 6,
    first_sequence: int = 0,
) -> Setting:
    log_rows = max(log_rows, smallest_log_rows(policy, 0))
    return Setting(
        routing_circuit(policy, log_rows),
        policy,
        node_parameters(policy, snapshot, elapsed_ms),
        tuple(work_before or [0] * policy.slots),
        first_sequence,
    )


def setting_of_batch(world: World, batch: CommittedBatch) -> Setting:
    return Setting(
        world.proving_key.circuit,
        world.policy,
        node_parameters(world.policy, world.snapshot, batch.header.elapsed_ms),
        tuple(batch.opening.before.work),
        batch.header.first_sequence,
    )


def setting_of_case(case: dict) -> tuple[Setting, Orders]:
    """A brute-force case (tests/property/brute_force.py) as something to check."""
    policy = parse_policy(case_policy(case), "case")
    snapshot = parse_snapshot(case_snapshot(case), "case")
    setting = setting_of(
        policy, snapshot, case["work"], case["elapsed_ms"], first_sequence=case["elapsed_ms"]
    )
    return setting, case_orders(case, policy)


def routed_batch(setting: Setting, orders: Orders) -> RoutedBatch:
    return route(
        setting.policy,
        setting.parameters,
        setting.work_before,
        orders,
        setting.first_sequence,
    )


def prover_columns(setting: Setting, orders: Orders, routed: RoutedBatch) -> Columns:
    """The columns as the prover's own trace code fills them."""
    opening = Opening(
        order_blinding=(),
        before=WorkState(tuple(setting.work_before), ()),
        after=WorkState(tuple(routed.work_out), ()),
        masks=(random.randrange(MODULUS),),
        salts=(),
    )
    instance = setting.instance(len(orders))
    traces = build_traces(setting.circuit, instance, opening, routed)
    return {
        (table, name): to_integers(limbs)
        for table, trace in traces.items()
        for name, limbs in trace.items()
    }
