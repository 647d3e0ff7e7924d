"""How every artefact reaches the disk; ``zkroute.atomic`` has it for the layers below formats."""

from zkroute.atomic import write_atomic

__all__ = ["write_atomic"]
