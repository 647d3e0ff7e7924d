"""Honest batches at the edges of what the rule allows: every one must be accepted.

    python -m tests.campaigns.edge_batches --campaign-size 10000

Policies are random over all features (tests/oracle/random_policies.py). The circuit's checker
judges every batch; for one in so many a real proof of the batch, and of one on top of it, is made
and verified. A batch that the independent oracle says no router may make is drawn anew, uncounted.
"""

from __future__ import annotations

import argparse
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from circuits.statement import smallest_log_rows
from prover.keygen import ProvingKey, derive_key
from prover.prove import prove
from tests.circuits.tracing import traced, verdict_of
from tests.oracle import oracle
from tests.oracle.documents import orders_of, policy_of, routed, snapshot_of
from tests.oracle.random_policies import random_case, random_margin, random_order, settled
from tests.oracle.toml_text import snapshot_toml, toml
from tests.support.world import World, development_srs
from verifier.accept import Position
from verifier.verify import verify
from zkroute.algebra.engine import engine
from zkroute.errors import UsageError, ZkrouteError
from zkroute.routing.batch import SEQUENCE_BITS
from zkroute.routing.parameters import MAX_ELAPSED_MS

MOST_ROWS = 128
"""Row classes are kept small: a campaign counts batches, not rows."""
Edge = Callable[[random.Random, dict], dict | None]
"""Takes a random case and gives one at an edge, None where this policy has no such edge."""


@dataclass
class Outcome:
    """How a campaign went."""

    checked: Counter[str] = field(default_factory=Counter)
    proven: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def edge_case(rng: random.Random, name: str) -> dict:
    """A case at the edge of this name that a router may make."""
    while True:
        case = random_case(rng, orders=12)
        if case["policy"]["queue"].get("carry", 0) > MOST_ROWS:
            queue = case["policy"]["queue"] | {"carry": 64}
            case = rewritten(case | {"policy": case["policy"] | {"queue": queue}})
        made = EDGES[name](rng, case)
        if made is not None and is_allowed(made):
            return made


def is_allowed(case: dict) -> bool:
    """Whether the oracle lets a router make this batch; the router itself is not asked."""
    return not settled(case)["refused"]


def rewritten(case: dict) -> dict:
    """The case with the texts of its changed policy and nodes."""
    return case | {
        "policy_text": toml(case["policy"]),
        "snapshot_text": snapshot_toml(case["nodes"], case["gas_price"]),
    }


def drawn(rng: random.Random, case: dict, count: int) -> list[dict]:
    """So many new orders, single ones."""
    orders = [random_order(rng, case["policy"]) for _ in range(count)]
    for order in orders:
        order["margin"] = random_margin(rng, case["policy"], order)
    return orders


def capacity(case: dict) -> int:
    """Orders that fill the policy's smallest row class."""
    return 1 << smallest_log_rows(policy_of(case), 0)


def empty(_: random.Random, case: dict) -> dict:
    return case | {"orders": [], "carried": []}


def one_order(rng: random.Random, case: dict) -> dict:
    return case | {"orders": drawn(rng, case, 1), "carried": []}


def only_held_before(_: random.Random, case: dict) -> dict | None:
    return case | {"orders": []} if case["carried"] else None


def full_rows(rng: random.Random, case: dict) -> dict | None:
    rows = capacity(case)
    new = drawn(rng, case, rows - len(case["carried"]))
    return case | {"orders": new} if rows <= MOST_ROWS else None


def one_row_short(rng: random.Random, case: dict) -> dict | None:
    made = full_rows(rng, case)
    return made and made | {"orders": made["orders"][1:]}


def one_row_more(rng: random.Random, case: dict) -> dict | None:
    """One order too many for a row class, in the next larger one."""
    made = full_rows(rng, case)
    return made and made | {"orders": [*made["orders"], *drawn(rng, case, 1)]}


def same_order(rng: random.Random, case: dict) -> dict:
    """One symbol, one account, one price: the same order again and again."""
    return case | {"orders": drawn(rng, case, 1) * rng.randint(2, 40), "carried": []}


def equal_nodes(rng: random.Random, case: dict) -> dict:
    """Every node of a segment has the same key at the start: the slot decides."""
    like = case["nodes"][0]
    same = ("capacity", "service_rate", "gas_price", "latency_ms", "reputation", "forecast")
    nodes = [node | {name: like[name] for name in same} for node in case["nodes"]]
    work = [0] * len(case["work_before"])
    return rewritten(case | {"nodes": nodes, "work_before": work, "elapsed_ms": 0})


def largest_values(rng: random.Random, case: dict) -> dict | None:
    """Sizes, prices and margins as large as the policy lets one order have them."""
    policy, bits = case["policy"], 48
    while bits:
        orders = drawn(rng, case, rng.choice([1, 1, 3]))
        for order in orders:
            order["size"] = (1 << bits) - 1
            order["price"] = (1 << min(48, bits + rng.choice([0, 8]))) - 1
            order["margin"] = min((1 << 64) - 1, random_margin(rng, policy, order))
            order["account"] = rng.choice([0, 2**64 - 1])
        made = case | {"orders": orders, "carried": []}
        costs = [oracle.cost(policy, order) for order in orders]
        if max(costs) < 1 << 48 and is_allowed(made):
            return made
        bits -= 1
    return None


def smallest_values(rng: random.Random, case: dict) -> dict:
    orders = drawn(rng, case, rng.randint(1, 20))
    lowest = 1 if case["policy"]["cost"]["kind"] == "notional" else 0
    least = {"size": 1, "price": lowest, "margin": 0, "account": 0}
    return case | {"orders": [order | least for order in orders], "carried": []}


def all_rejected(rng: random.Random, case: dict) -> dict | None:
    """Every class must show a margin, and nobody does."""
    policy = case["policy"]
    if "margin" in str([route.get("match") for route in policy["routes"]]):
        return None
    policy = policy | {"margins": [{"match": {}, "rate": 65_535, "kind": "initial"}]}
    policy["decimals"] = dict.fromkeys(("price", "size", "margin"), 0)
    orders = [
        order | {"margin": 0, "price": max(1, order["price"]), "leg": False}
        for order in drawn(rng, case, rng.randint(1, 20))
    ]
    made = rewritten(case | {"policy": policy, "orders": orders, "carried": []})
    return made if statuses(made) == {"rejected"} else None


def all_held(rng: random.Random, case: dict) -> dict | None:
    """Every segment is closed before the first order; as many are held as may be."""
    segments = [
        {name: value for name, value in segment.items() if name not in ("overflow", "breaker")}
        | {"saturation": 0}
        for segment in case["policy"]["segments"]
    ]
    policy = {name: value for name, value in case["policy"].items() if name != "margins"}
    if "margin" in str([route.get("match") for route in policy["routes"]]):
        return None
    policy |= {"segments": segments, "queue": {**policy["queue"], "carry": 16}}
    count = rng.choice([16, 16, rng.randint(1, 15)])
    made = rewritten(case | {"policy": policy, "orders": drawn(rng, case, count), "carried": []})
    return made if statuses(made) == {"held"} else None


def held_to_the_last_place(rng: random.Random, case: dict) -> dict | None:
    """The batch before filled the carry, and all of it is held again."""
    made = all_held(rng, case)
    if made is None or len(made["orders"]) != 16:
        return None
    carried = [order | {"sequence": 3 * place} for place, order in enumerate(made["orders"])]
    return made | {"orders": [], "carried": carried, "first_sequence": 3 * 16}


def one_order_per_segment(rng: random.Random, case: dict) -> dict | None:
    orders = drawn(rng, case, 40)
    made = case | {"orders": orders, "carried": [], "first_sequence": 0}
    first = {row["primary"]: row["sequence"] for row in reversed(settled(made)["rows"])}
    return made | {"orders": [orders[number] for number in sorted(first.values())]}


def nodes_at_the_limit(rng: random.Random, case: dict) -> dict | None:
    """Nodes with as much work as leaves their keys room for this one order."""
    orders = drawn(rng, case, 1)
    made = case | {"orders": orders, "carried": [], "elapsed_ms": 0}
    low, high = 0, oracle.key_limit(case["policy"])
    if not is_allowed(made | {"work_before": [low] * case["policy"]["slots"]}):
        return None
    slots = len(case["nodes"])

    def with_work(work: int) -> dict:
        spare = [0] * (case["policy"]["slots"] - slots)
        return made | {"work_before": [work] * slots + spare}

    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_allowed(with_work(middle)) else (low, middle)
    return with_work(low)


def long_after(rng: random.Random, case: dict) -> dict:
    """The batch before was as long ago as can be: everything drained."""
    return case | {"elapsed_ms": rng.choice([MAX_ELAPSED_MS, MAX_ELAPSED_MS - 1])}


def last_numbers(_: random.Random, case: dict) -> dict:
    """The batch ends with the last sequence number there is."""
    return case | {"first_sequence": (1 << SEQUENCE_BITS) - len(case["orders"])}


def full_bundles(rng: random.Random, case: dict) -> dict | None:
    """Bundles of sixteen orders, each with all its legs."""
    if not case["policy"].get("bundles"):
        return None
    orders = drawn(rng, case, 16 * rng.randint(1, 3))
    legs = [order | {"leg": place % 16 > 0} for place, order in enumerate(orders)]
    return case | {"orders": legs, "carried": []}


EDGES: dict[str, Edge] = {
    edge.__name__.replace("_", " "): edge
    for edge in (
        empty,
        one_order,
        only_held_before,
        full_rows,
        one_row_short,
        one_row_more,
        same_order,
        equal_nodes,
        largest_values,
        smallest_values,
        all_rejected,
        all_held,
        held_to_the_last_place,
        one_order_per_segment,
        nodes_at_the_limit,
        long_after,
        last_numbers,
        full_bundles,
    )
}


def statuses(case: dict) -> set[str]:
    return {row["status"] for row in settled(case)["rows"]}


def check(case: dict) -> list[str]:
    """What the circuit has against the router's own batch."""
    try:
        return [str(failure) for failure in verdict_of(*traced(case, routed(case)))]
    except ZkrouteError as error:
        return [f"the router refuses: {error}"]


def prove_chain(case: dict) -> int:
    """How many batches were proven and verified: the case's new orders, and them again on top."""
    policy, snapshot = policy_of(case), snapshot_of(case)
    orders = orders_of(policy, case["orders"])
    log_rows = smallest_log_rows(policy, len(orders))
    srs = development_srs(log_rows)
    key = derive_key(policy, len(snapshot.nodes), log_rows, srs, engine())
    router = Ed25519PrivateKey.generate()
    world = World(policy, snapshot, ProvingKey(key, srs, engine()), router)
    parent, proven = None, 0
    for number in range(2):
        time_ms = 1_700_000_000_000 + 300 * number
        try:
            batch = world.commit(orders_of(policy, case["orders"]), parent, time_ms)
        except UsageError:
            break  # a promise about shares, or too many rows once held orders come in
        proof = prove(world.proving_key, snapshot, batch)
        place = parent.header if parent else Position.START
        verify(key, batch.header, proof, world.acceptance(place))
        parent, proven = batch, proven + 1
    return proven


def campaign(size: int, seed: int, prove_every: int, log: bool = False) -> Outcome:
    """``size`` batches, the same number at every edge; every so many are proven for real."""
    rng, outcome, names = random.Random(seed), Outcome(), list(EDGES)
    began = time.monotonic()
    for number in range(size):
        name = names[number % len(names)]
        case = edge_case(rng, name)
        outcome.checked[name] += 1
        for failure in check(case)[:3]:
            outcome.failures.append(f"{name}: {failure}\n{case['policy_text']}\n{case['orders']}")
        if prove_every and (number + 1) % prove_every == 0:
            outcome.proven[name] += prove_chain(case)
        if log and (number + 1) % 500 == 0:
            proven = sum(outcome.proven.values())
            print(
                f"{number + 1} batches checked, {proven} proven, "
                f"{time.monotonic() - began:.0f} s, {len(outcome.failures)} failures",
                flush=True,
            )
    return outcome


def table(outcome: Outcome) -> str:
    """The outcome as Markdown."""
    rows = ["| edge | checked in the circuit | proven and verified |", "|---|---|---|"]
    rows += [f"| {name} | {outcome.checked[name]:,} | {outcome.proven[name]:,} |" for name in EDGES]
    whole = sum(outcome.checked.values()), sum(outcome.proven.values())
    return "\n".join([*rows, f"| all | {whole[0]:,} | {whole[1]:,} |"])


def main() -> int:
    arguments = argparse.ArgumentParser(description="honest batches at the edges of the rule")
    arguments.add_argument("--campaign-size", type=int, default=1_000)
    arguments.add_argument("--prove-every", type=int, default=25)
    arguments.add_argument("--seed", type=int, default=secrets.randbits(32))
    chosen = arguments.parse_args()
    print(f"seed {chosen.seed}", flush=True)
    outcome = campaign(chosen.campaign_size, chosen.seed, chosen.prove_every, log=True)
    print(table(outcome))
    print(f"{len(outcome.failures)} failures")
    print("\n".join(outcome.failures[:10]))
    return int(bool(outcome.failures))


if __name__ == "__main__":
    sys.exit(main())
