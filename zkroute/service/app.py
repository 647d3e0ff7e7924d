"""The HTTP API: the gate's one question, and the public side of the ledger."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from zkroute import __version__
from zkroute.errors import ExitCode, MalformedError, ZkrouteError
from zkroute.protocol.header import COUNTER_LIMIT
from zkroute.service.limits import Limits
from zkroute.service.metrics import Metrics
from zkroute.service.requests import SCHEMA
from zkroute.service.worker import BUSY, TIMEOUT, Worker
from zkroute.settlement import Accepted, Gate, Refused

LOGGER = logging.getLogger("zkroute.service")
BODIES_PER_THREAD = 4
"""Bodies that are received at a time for each thread; further clients wait, unread."""
OPEN_PATHS = frozenset({"/healthz"})
"""Asked without a token, by whoever watches the process."""
STATUS = {
    ExitCode.INVALID_PROOF: 422,
    ExitCode.MISMATCH: 422,
    ExitCode.MALFORMED: 400,
    ExitCode.STALE: 409,
    ExitCode.USAGE: 503,
}
"""HTTP status of a refusal by its exit code."""

Next = Callable[[Request], Awaitable[Response]]


class TooLongError(Exception):
    """The body is longer than allowed."""


def create_app(gate: Gate, limits: Limits | None = None) -> FastAPI:
    """The service around an open gate; the caller closes the gate's ledger after it."""
    bounds = limits or Limits()
    metrics = Metrics()
    worker = Worker(gate, bounds)
    receiving = asyncio.Semaphore(BODIES_PER_THREAD * bounds.at_once)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        note_head(metrics, gate)
        yield
        worker.close()

    app = FastAPI(title="zkroute settlement gate", version=__version__, lifespan=lifespan)

    @app.middleware("http")
    async def guard(request: Request, call_next: Next) -> Response:
        if bounds.token and request.url.path not in OPEN_PATHS and not _has_token(request, bounds):
            return JSONResponse(_refusal("unauthorized", "a token is needed"), 401)
        try:
            return await call_next(request)
        except Exception as error:
            # neither a client nor a log gets to see what the fault was about: it may quote orders
            LOGGER.error(json.dumps({"event": "fault", "kind": type(error).__name__}))
            return JSONResponse(_refusal("internal", "the service failed"), 500)

    @app.post(
        "/v1/batches",
        openapi_extra={
            "requestBody": {"required": True, "content": {"application/json": {"schema": SCHEMA}}}
        },
        responses={status: {"description": "refused"} for status in sorted(set(STATUS.values()))},
    )
    async def accept(request: Request) -> Response:
        """Check a batch and take it into the ledger; safe to repeat."""
        began = time.perf_counter()
        try:
            async with receiving:
                body = await asyncio.wait_for(_body(request, bounds.body_bytes), bounds.seconds)
            answer = await worker.accept(body)
        except TooLongError:
            return JSONResponse(
                _refusal("too-long", f"a request has at most {bounds.body_bytes} bytes"), 413
            )
        except TimeoutError:
            return JSONResponse(_refusal(TIMEOUT, "the request's body did not arrive"), 408)
        except MalformedError as error:
            answer = Refused("request-malformed", str(error), ExitCode.MALFORMED)
        seconds = time.perf_counter() - began
        _count(metrics, answer, seconds)
        _log(answer, seconds)
        return _response(answer)

    @app.get("/v1/head")
    def head() -> dict[str, Any]:
        """The newest accepted batch; nulls before the first."""
        entry = gate.ledger.head
        return {
            "batch": entry.height if entry else None,
            "header": entry.digest.hex() if entry else None,
            "link": entry.link.hex() if entry else None,
        }

    @app.get("/v1/batches/{number}")
    def batch(number: int) -> Response:
        """One accepted batch: its header, as it was given."""
        entry = gate.ledger.entry(number) if 0 <= number < COUNTER_LIMIT else None
        if entry is None:
            return JSONResponse(_refusal("unknown", f"batch {number} was not accepted"), 404)
        return JSONResponse(
            {
                "batch": entry.height,
                "digest": entry.digest.hex(),
                "link": entry.link.hex(),
                "accepted_ms": entry.accepted_ms,
                "header": json.loads(entry.header_bytes),
            }
        )

    @app.get("/v1/forks")
    def forks() -> dict[str, Any]:
        """Batches that were refused because another one stood in their place."""
        return {
            "forks": [
                {
                    "batch": fork.accepted.height,
                    "accepted": fork.accepted.digest.hex(),
                    "refused": fork.digest.hex(),
                    "seen_ms": fork.seen_ms,
                }
                for fork in gate.ledger.forks()
            ]
        }

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> Response:
        """The ledger answers too."""
        try:
            note_head(metrics, gate)
        except ZkrouteError:
            return JSONResponse({"status": "the ledger cannot be used"}, 503)
        return JSONResponse({"status": "ok"})

    @app.get("/metrics")
    def metrics_page() -> Response:
        """Counters for Prometheus."""
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return app


def note_head(metrics: Metrics, gate: Gate) -> None:
    """Let the metrics say how far the ledger has come."""
    entry = gate.ledger.head
    metrics.head.set(entry.height if entry else -1)


async def _body(request: Request, limit: int) -> bytes:
    """The request's body, not read further than allowed."""
    stated = request.headers.get("content-length", "0")
    if stated.isdigit() and int(stated) > limit:
        raise TooLongError
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLongError
    return bytes(body)


def _has_token(request: Request, limits: Limits) -> bool:
    given = request.headers.get("authorization", "")
    expected = f"Bearer {limits.token}"
    return hmac.compare_digest(given.encode(), expected.encode())


def _response(answer: Accepted | Refused) -> Response:
    if isinstance(answer, Refused):
        status = STATUS.get(answer.exit_code, 422)
        return JSONResponse(_refusal(answer.code, answer.sentence), status)
    orders = answer.orders.sequence.tolist() if answer.orders is not None else None
    return JSONResponse(
        {
            "accepted": True,
            "again": answer.again,
            "batch": answer.batch,
            "header": answer.digest.hex(),
            "link": answer.link.hex(),
            "settle": orders,
        }
    )


def _refusal(code: str, sentence: str) -> dict[str, object]:
    return {"accepted": False, "code": code, "sentence": sentence}


def _count(metrics: Metrics, answer: Accepted | Refused, seconds: float) -> None:
    if isinstance(answer, Refused):
        metrics.refused.labels(answer.code).inc()
        if answer.code in (BUSY, TIMEOUT):
            return
    elif answer.again:
        metrics.again.inc()
    else:
        metrics.accepted.inc()
        metrics.head.set(answer.batch)
    metrics.seconds.observe(seconds)


def _log(answer: Accepted | Refused, seconds: float) -> None:
    """One line of JSON: what was asked and answered, without a word from inside any order."""
    line: dict[str, object] = {"event": "batch", "milliseconds": round(1000 * seconds, 1)}
    if isinstance(answer, Refused):
        # the sentence is left out: it may name an order
        line |= {"accepted": False, "code": answer.code}
    else:
        line |= {
            "accepted": True,
            "again": answer.again,
            "batch": answer.batch,
            "header": answer.digest.hex(),
        }
    LOGGER.info(json.dumps(line))
