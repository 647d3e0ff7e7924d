"""Compiled arithmetic of the verifier: the pairing, points from bytes, sums of multiples."""
