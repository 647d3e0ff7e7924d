"""From expressions to programs: common subexpressions once, registers reused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from circuits.ir.expression import (
    Add,
    Cell,
    Challenge,
    Claim,
    Constant,
    Embedded,
    Expression,
    Multiply,
    Subtract,
)
from zkroute.algebra.engine import Operation, Program
from zkroute.algebra.scalars import MODULUS

Place = tuple[str, str, int]
"""(table, column, rotation) of an input; an embedded table is ("embedded", name, 0)."""

Node = tuple[Operation, int, int]


@dataclass(frozen=True)
class Compiled:
    """A program with the inputs it reads and the scalars it uses, in index order."""

    program: Program
    inputs: tuple[tuple[str, str], ...]
    scalars: tuple[int, ...]


def place_of(leaf: Cell | Embedded) -> Place:
    """The input place of a leaf."""
    if isinstance(leaf, Embedded):
        return ("embedded", leaf.table, 0)
    return (leaf.table, leaf.column, leaf.rotation)


def compile_expressions(
    expressions: Sequence[Expression],
    scalars: Mapping[str, int],
    *,
    rotate_inputs: bool = True,
) -> Compiled:
    """A program with one output per expression; challenges and claims become scalars.

    With ``rotate_inputs`` a next-row cell reads its column one row on; without, the caller gives
    the rotated values as an input of their own, named column + "'".
    """
    numbering = _Numbering(scalars, rotate_inputs)
    outputs = [numbering.number(expression) for expression in expressions]
    operations, registers = _allocate(numbering.nodes, outputs)
    return Compiled(
        Program(np.array(operations, dtype=np.int32).reshape(-1, 4), registers, len(outputs)),
        tuple(numbering.inputs),
        tuple(numbering.scalars),
    )


class _Numbering:
    """Value numbering: structurally equal nodes get one number."""

    def __init__(self, values: Mapping[str, int], rotate_inputs: bool) -> None:
        self._values = values
        self._rotate = rotate_inputs
        self._known: dict[int, int] = {}
        self._numbers: dict[Node, int] = {}
        self._keep: list[Expression] = []
        self.nodes: list[Node] = []
        self.inputs: dict[tuple[str, str], int] = {}
        self.scalars: dict[int, int] = {}

    def number(self, expression: Expression) -> int:
        known = self._known.get(id(expression))
        if known is None:
            known = self._known[id(expression)] = self._intern(self._node(expression))
            self._keep.append(expression)
        return known

    def _node(self, expression: Expression) -> Node:
        match expression:
            case Constant(value):
                return self._scalar(value)
            case Challenge(name) | Claim(name):
                return self._scalar(self._values[name])
            case Cell() | Embedded():
                return self._input(place_of(expression))
            case Add(left, right):
                return self._commutative(Operation.ADD, left, right)
            case Subtract(left, right):
                return (Operation.SUBTRACT, self.number(left), self.number(right))
            case Multiply(left, right):
                return self._commutative(Operation.MULTIPLY, left, right)
        raise TypeError(f"not an expression: {expression!r}")

    def _commutative(self, operation: Operation, left: Expression, right: Expression) -> Node:
        first, second = sorted((self.number(left), self.number(right)))
        return (operation, first, second)

    def _scalar(self, value: int) -> Node:
        index = self.scalars.setdefault(value % MODULUS, len(self.scalars))
        return (Operation.SCALAR, index, 0)

    def _input(self, place: Place) -> Node:
        table, column, rotation = place
        if rotation and not self._rotate:
            column, rotation = column + "'", 0
        index = self.inputs.setdefault((table, column), len(self.inputs))
        return (Operation.COLUMN, index, rotation)

    def _intern(self, node: Node) -> int:
        if node not in self._numbers:
            self._numbers[node] = len(self.nodes)
            self.nodes.append(node)
        return self._numbers[node]


def _allocate(nodes: Sequence[Node], outputs: Sequence[int]) -> tuple[list[list[int]], int]:
    """Operations in order, leaves loaded just before use, registers freed at their last."""
    arithmetic = (Operation.ADD, Operation.SUBTRACT, Operation.MULTIPLY)
    order = _schedule(nodes, outputs)
    uses = [0] * len(nodes)
    for number in order:
        operation, left, right = nodes[number]
        if operation in arithmetic:
            uses[left] += 1
            uses[right] += 1
    for number in outputs:
        uses[number] += 1
    free: list[int] = []
    register: dict[int, int] = {}
    count = 0
    operations: list[list[int]] = []

    def release(number: int) -> None:
        uses[number] -= 1
        if uses[number] == 0:
            free.append(register[number])

    positions: dict[int, list[int]] = {}
    for position, number in enumerate(outputs):
        positions.setdefault(number, []).append(position)
    for number in order:
        operation, left, right = nodes[number]
        sources = [left, right]
        if operation in arithmetic:
            sources = [register[left], register[right]]
            release(left)
            release(right)
        if free:
            register[number] = free.pop()
        else:
            register[number] = count
            count += 1
        operations.append([operation, register[number], *sources])
        for position in positions.get(number, []):
            operations.append([Operation.STORE, position, register[number], 0])
            release(number)
    return operations, count


def _schedule(nodes: Sequence[Node], outputs: Sequence[int]) -> list[int]:
    """Depth-first order of the needed nodes, operands before results."""
    arithmetic = (Operation.ADD, Operation.SUBTRACT, Operation.MULTIPLY)
    done: set[int] = set()
    order: list[int] = []

    def visit(number: int) -> None:
        stack: list[tuple[int, bool]] = [(number, False)]
        while stack:
            current, expanded = stack.pop()
            if current in done:
                continue
            operation, left, right = nodes[current]
            if expanded or operation not in arithmetic:
                done.add(current)
                order.append(current)
            else:
                stack += [(current, True), (right, False), (left, False)]

    for number in outputs:
        visit(number)
    return order
