"""The circuit as canonical text and its digest: what the verifying key pins."""

from __future__ import annotations

import hashlib

from circuits.ir.lowering import LoweredCircuit, total_text


def circuit_text(lowered: LoweredCircuit) -> str:
    """Every column, gate, interaction and total, one a line, in folding order."""
    circuit = lowered.circuit
    lines = [f"circuit {circuit.name} main {circuit.main} degree {circuit.degree}"]
    for table in circuit.tables.values():
        lines.append(f"table {table.name} rows 2^{table.log_rows}")
        lines += [
            f"column {column.table}.{column.name} {column.kind.value}"
            for column in table.columns.values()
        ]
        lines += [
            f"gate {gate.sentence}: {gate.expression.text}" for gate in lowered.gates[table.name]
        ]
    lines += [f"bus {name} tag {tag}" for name, tag in circuit.buses.items()]
    lines += [
        f"interaction {each.bus} on {each.table}: {each.multiplicity.text} times "
        f"({', '.join(value.text for value in each.values)})"
        for each in circuit.interactions
    ]
    lines += [total_text(each) for each in circuit.totals]
    return "\n".join(lines) + "\n"


def circuit_digest(lowered: LoweredCircuit) -> bytes:
    """SHA-256 of the canonical text, domain-separated."""
    return hashlib.sha256(b"zkroute/circuit/v1\n" + circuit_text(lowered).encode()).digest()
