"""Inverses against plain integers."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest

from tests.unit.kernels.portable.samples import P, R, from_montgomery, to_montgomery, values
from zkroute.kernels.portable import element, inversion


@pytest.mark.parametrize(
    ("invert", "modulus"), [(inversion.invert_mod_p, P), (inversion.invert_mod_r, R)]
)
def test_inverse_of_edge_values_powers_of_two_and_random_ones(invert: Any, modulus: int) -> None:
    load, store = element.load, element.store

    @numba.njit
    def invert_all(output: Any, array: Any) -> None:
        for row in range(len(array)):
            store(output, row, invert(load(array, row)))

    radix_inverse = pow(1 << 256, -1, modulus)
    powers = [1 << bit for bit in range(254)]
    # in Montgomery form and as they stand in memory, the numbers the algorithm sees
    given = [*values(modulus, 2000), *powers, *(v * radix_inverse % modulus for v in powers)]
    given += [-value % modulus for value in given]
    array = to_montgomery(given, modulus)
    output = np.empty_like(array)
    invert_all(output, array)
    expected = [pow(value, -1, modulus) if value else 0 for value in given]
    assert from_montgomery(output, modulus) == expected
