"""Where genuine .ptau files lie, and ways to change one."""

from collections.abc import Callable
from pathlib import Path

from tests.support.ptau_builder import PtauFile
from tests.support.shared import shared_path
from zkroute.protocol.srs import StructuredReferenceString

Change = Callable[[PtauFile], PtauFile]
Take = Callable[..., StructuredReferenceString]


def genuine_path(power: int) -> Path:
    return shared_path("srs", f"powersOfTau28_hez_final_{power:02}.ptau")


def swapped(kind: int, first: int, second: int, size: int) -> Change:
    def change(file: PtauFile) -> PtauFile:
        content = file.section(kind)
        points = [content[at : at + size] for at in range(0, len(content), size)]
        points[first], points[second] = points[second], points[first]
        return file.with_section(kind, b"".join(points))

    return change
