"""Checking a routing trace: the circuit's checker over private and public columns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from circuits.instance import Instance, public_columns
from circuits.ir.check import Checker, Failure
from circuits.ir.table import Kind
from circuits.routing import RoutingCircuit
from zkroute.algebra.scalars import MODULUS

PrivateColumns = Mapping[tuple[str, str], list[int]]
"""(table, column) to all its integers."""


def check_trace(
    circuit: RoutingCircuit,
    instance: Instance,
    private: PrivateColumns,
) -> list[Failure]:
    """Every failing gate, unbalanced bus tuple and wrong total; empty if the trace is right."""
    tables = circuit.lowered.circuit.tables
    columns = {
        place: _object_array(values, tables[place[0]].rows)
        for place, values in {
            **public_columns(circuit, instance),
            **{
                (column.table, column.name): list(range(tables[column.table].rows))
                for column in circuit.lowered.circuit.columns(Kind.FIXED)
            },
            **private,
        }.items()
    }
    return list(Checker(circuit.lowered.circuit, columns, instance.claims, MODULUS).failures())


def _object_array(values: list[int], rows: int) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    array = np.zeros(rows, dtype=object)
    array[: len(values)] = values
    return array
