"""A transcript that tells what was done to it."""

from __future__ import annotations

from zkroute.protocol.transcript import Step, Transcript


class LoggingTranscript(Transcript):
    """Lists every step as (kind, label), in order."""

    def __init__(self, protocol: bytes) -> None:
        super().__init__(protocol)
        self.log: list[tuple[str, str]] = []

    def _advance(self, step: Step, label: str, data: bytes) -> None:
        super()._advance(step, label, data)
        if step is not Step.START:
            self.log.append((step.name.lower(), label))
