"""What ``zkroute bench`` measures, in the order in which it says it."""

FIGURES = [
    "orders",
    "nodes",
    "rows",
    "kernel",
    "route_s",
    "commit_s",
    "prove_s",
    "orders_per_s",
    "verify_s",
    "verify_reference_s",
    "proof_bytes",
    "header_bytes",
    "peak_rss_mb",
    "cold_start_s",
    "warm_start_s",
    "stages",
]
