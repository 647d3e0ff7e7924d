"""Many expressions as one list of steps, for a verifier that evaluates them again and again.

A walk over expressions asks for every node's kind and whether it was met before; here that is
done once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from circuits.ir.expression import Add, Embedded, Expression, Multiply, Pair, Subtract

_LEAF, _MULTIPLY, _ADD, _SUBTRACT = range(4)
_OPERATIONS = {Multiply: _MULTIPLY, Add: _ADD, Subtract: _SUBTRACT}


@dataclass(frozen=True)
class StraightLine:
    """Steps that compute results from the values of leaves, each common part once."""

    leaves: tuple[Expression, ...]
    """Constants, challenges, claims and cells; an Embedded here means its table's factor alone."""
    steps: tuple[tuple[int, int, int], ...]
    """(operation, left, right) on the values of earlier steps; a leaf's left is its number."""
    results: tuple[int, ...]
    """The steps that have the expressions' values."""

    @classmethod
    def of(cls, expressions: Sequence[Expression]) -> StraightLine:
        """The steps for these expressions."""
        writer = _Writer()
        results = tuple(writer.value(expression) for expression in expressions)
        return cls(tuple(writer.leaves.values()), tuple(writer.steps), results)

    def evaluate(self, leaf: Callable[[Expression], int], modulus: int) -> list[int]:
        """The expressions' values modulo ``modulus``; ``leaf`` is asked once for every leaf."""
        leaves = [leaf(each) for each in self.leaves]
        values: list[int] = []
        for operation, left, right in self.steps:
            if operation == _MULTIPLY:
                values.append(values[left] * values[right] % modulus)
            elif operation == _ADD:
                values.append(values[left] + values[right])
            elif operation == _SUBTRACT:
                values.append(values[left] - values[right])
            else:
                values.append(leaves[left])
        return [values[result] % modulus for result in self.results]


class _Writer:
    """Writes down each node once, whatever comes into it first."""

    def __init__(self) -> None:
        self.leaves: dict[str, Expression] = {}
        self.steps: list[tuple[int, int, int]] = []
        self._known: dict[int, int] = {}
        self._known_leaves: dict[str, int] = {}

    def value(self, node: Expression) -> int:
        """The number of the step that has the node's value."""
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = self._write(node)
        return known

    def _write(self, node: Expression) -> int:
        if isinstance(node, Pair):
            return self._step(
                _OPERATIONS[type(node)], self.value(node.left), self.value(node.right)
            )
        if isinstance(node, Embedded):
            factor = self._leaf(f"embed[{node.table}]", node)
            return self._step(_MULTIPLY, factor, self.value(node.inner))
        return self._leaf(node.text, node)

    def _leaf(self, text: str, node: Expression) -> int:
        if text not in self.leaves:
            self._known_leaves[text] = self._step(_LEAF, len(self.leaves), 0)
            self.leaves[text] = node
        return self._known_leaves[text]

    def _step(self, operation: int, left: int, right: int) -> int:
        self.steps.append((operation, left, right))
        return len(self.steps) - 1
