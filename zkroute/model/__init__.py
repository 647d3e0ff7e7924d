"""Typed documents: orders, policies, node snapshots, batches. Strict parsing, canonical bytes."""
