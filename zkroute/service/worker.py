"""The gate off the event loop: so many batches at once, each for so long, and no queue behind."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from zkroute.errors import ExitCode
from zkroute.service.limits import Limits
from zkroute.service.requests import read_submission
from zkroute.settlement import Accepted, Gate, Refused

BUSY = "busy"
TIMEOUT = "timeout"


class Worker:
    """Runs a gate in threads of its own."""

    def __init__(self, gate: Gate, limits: Limits) -> None:
        self.gate = gate
        self._limits = limits
        self._free = threading.BoundedSemaphore(limits.at_once)
        self._threads = ThreadPoolExecutor(limits.at_once, thread_name_prefix="gate")

    def close(self) -> None:
        """Let batches in work finish, take no more."""
        self._threads.shutdown(wait=True)

    async def accept(self, body: bytes) -> Accepted | Refused:
        """The gate's answer, or a refusal because all threads are taken or time is up.

        The body is read in the thread too: the longest take a while. Raises MalformedError.
        """
        if not self._free.acquire(blocking=False):
            return Refused(BUSY, "this node checks other batches; try again", ExitCode.USAGE)
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._accept, body)
        try:
            # the thread goes on: a batch half-way through the gate is not to be torn out
            return await asyncio.wait_for(asyncio.shield(work), self._limits.seconds)
        except TimeoutError:
            return Refused(
                TIMEOUT,
                f"no answer within {self._limits.seconds:g} s; ask again to learn the outcome",
                ExitCode.USAGE,
            )

    def _accept(self, body: bytes) -> Accepted | Refused:
        try:
            submission = read_submission(body, self._limits.body_bytes)
            return self.gate.accept(
                submission.header, submission.proof, submission.part, submission.snapshot
            )
        finally:
            self._free.release()
