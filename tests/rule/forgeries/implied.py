"""Constraints without a forgery of their own: what they say follows from others."""

PLACE = "orders: an order that did not move is in its primary segment"

IMPLIED = {
    "orders: active is zero or one": (
        "a row before an active one is one ('rows with orders come first'); before an inactive "
        "one 'an order that is not last is followed by an order' makes active equal to last, "
        "which is zero or one"
    ),
    "orders: last only stands on a row with an order": (
        "last without an order makes follows minus one, and the next row has no order either: "
        "'an order that is not last is followed by an order'"
    ),
    "orders: an order that is not last is followed by an order": (
        "the row after the batch has sequence and priority zero, so that its sort key is lower: "
        "'orders: order_gap'"
    ),
    "orders: account is zero where there is no order": (
        "hash and hash_room leave a * account = p * hash_quotient, and hash_quotient is zero"
    ),
    "orders: hash_quotient is zero where there is no order": (
        "hash and hash_room leave a * account = p * hash_quotient, and account is zero"
    ),
    "orders: shard_quotient is zero where there is no order": (
        "hash and shard are zero there, and the shard is the hash modulo shards"
    ),
    "orders: shard is zero where there is no order": (
        "shard and shard_room are range-checked and add up to zero"
    ),
    "orders: leg is zero where there is no order": (
        "a leg is in its leader's group, and a row that is not last is followed by an order"
    ),
    "orders: cost is zero where there is no order": (
        "rounding and rounding_room are range-checked and add up to zero"
    ),
    "orders: short is zero where there is no order": (
        "margin, size and price are zero, so short would make margin_distance negative"
    ),
    "orders: held is zero where there is no order": (
        "a held row stands in the held group, and the segment of an empty row is zero"
    ),
    "orders: rejected is zero where there is no order": (
        "a rejected row stands in the rejected group, and the segment of an empty row is zero"
    ),
    "orders: moved is zero where there is no order": "only placed orders moved",
    "orders: rerouted is zero where there is no order": "only held orders were rerouted",
    "orders: leader_cumulative is zero where there is no order": (
        "an empty row is no leg, so it has its own group cost, which starts at zero"
    ),
    "orders: held is zero or one": (
        "a held row stands in the held group, which is nobody's primary segment, so held and "
        f"moved add up to one by '{PLACE[8:]}'; moved is zero or one"
    ),
    "orders: rejected is zero or one": (
        "the same with the rejected group: rejected and moved add up to one"
    ),
    "orders: moved is zero or one": (
        "an order with another value would have to be in its primary segment, and no segment "
        "sends orders to itself (bus closing)"
    ),
    "orders: only placed orders moved": (
        "a rejected order that moved would have no primary segment to be in; a held one would "
        "be displaced twice, and then has target zero, which is not where it stands"
    ),
    "orders: a leg goes to its leader's node": (
        "a leg's composite continues its leader's, so it is congruent to the leader's slot; the "
        "other node's path never has such a composite"
    ),
    "orders: hash": (
        "the hash is shard_quotient * shards + shard, neither of them negative, and hash_room "
        "bounds it from above"
    ),
    "nodes: nonempty is zero or one": (
        "a segment's runs end at different sort keys and composites, so that bus ends counts "
        "each end once, and 0 or 1 is how often it can be taken"
    ),
    "nodes: nonempty is only said on a segment's head": (
        "all nodes of a segment share one threshold (bus threshold), and two runs cannot end at "
        "one composite: a node's path passes each composite once"
    ),
}
"""Constraint to the reason, by the constraint's name."""
