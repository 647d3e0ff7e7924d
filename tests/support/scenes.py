"""Scenes to lie in: a first batch, or one in mid-chain with drained and busy nodes."""

from __future__ import annotations

import random
from functools import cache

from tests.support.lying import START_MS, Scene, lying_world
from tests.support.settings import small_orders


@cache
def first_scene(name: str, count: int, seed: int = 1) -> Scene:
    world = lying_world(name)
    orders = small_orders(world.policy, count, random.Random(seed))
    return Scene(world, None, world.commit(orders, time_ms=START_MS))


@cache
def chained_scene(name: str, count: int, seed: int = 1) -> Scene:
    """The second batch of a chain, three seconds after the first."""
    world = lying_world(name)
    parent = first_scene(name, 31, seed + 1000).batch
    orders = small_orders(world.policy, count, random.Random(seed))
    return Scene(world, parent, world.commit(orders, parent, START_MS + 3_000))
