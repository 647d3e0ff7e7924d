"""Forecasts of each node's load, made from past batches and published in the node snapshot."""
