"""The Lagrange basis of a domain, by its formula: L_i(x) = w^i (x^n - 1) / (n (x - w^i))."""

from __future__ import annotations

from zkroute.algebra.domain import powers, root_of_unity, vanishing
from zkroute.algebra.scalars import MODULUS, batch_invert


def lagrange_basis(log_size: int, point: int) -> list[int]:
    """Every basis polynomial's value at a point outside the domain."""
    size = 1 << log_size
    elements = powers(root_of_unity(log_size), size)
    inverses = batch_invert([size * (point - element) for element in elements])
    weight = vanishing(size, point)
    return [
        element * weight * inverse % MODULUS
        for element, inverse in zip(elements, inverses, strict=True)
    ]
