"""The HTTP service: the gate's answers, bounds on what a request may cost, logs without orders."""

from __future__ import annotations

import base64
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from tests.settlement.days import START_MS, Day
from tests.support.shared import ROOT
from zkroute.formats.header import encode_header
from zkroute.formats.slice import encode_slice
from zkroute.service.app import create_app
from zkroute.service.limits import Limits
from zkroute.service.logs import JsonLines
from zkroute.settlement import Accepted, Gate, Ledger, Refused

SECRET = "-".join(("token", "of", "the", "node"))


@pytest.fixture
def slot(day: Day) -> int:
    return day.busiest()


@pytest.fixture
def gate(day: Day, slot: int, tmp_path: Path) -> Iterator[Gate]:
    with Ledger(tmp_path / "ledger.db") as ledger:
        yield Gate(day.configuration(node=day.node(slot)), ledger, lambda: START_MS)


@pytest.fixture
def client(gate: Gate) -> Iterator[TestClient]:
    with TestClient(create_app(gate)) as made:
        yield made


def submission(day: Day, slot: int, batch: int = 0) -> dict[str, Any]:
    return {
        "header": json.loads(encode_header(day.batches[batch].header)),
        "proof": base64.b64encode(day.proofs[batch]).decode(),
        "slice": base64.b64encode(encode_slice(day.slices[batch][slot])).decode(),
    }


def test_batches_are_accepted_and_shown(client: TestClient, day: Day, slot: int) -> None:
    assert client.get("/v1/head").json() == {"batch": None, "header": None, "link": None}
    for number in range(2):
        answer = client.post("/v1/batches", json=submission(day, slot, number))
        assert answer.status_code == 200
        found = answer.json()
        assert found["accepted"]
        assert not found["again"]
        assert found["settle"] == day.slices[number][slot].sequence.tolist()
    again = client.post("/v1/batches", json=submission(day, slot)).json()
    assert again["again"]
    assert again["settle"] == day.slices[0][slot].sequence.tolist()
    without_slice = submission(day, slot)
    del without_slice["slice"]
    assert client.post("/v1/batches", json=without_slice).json()["settle"] is None
    head = client.get("/v1/head").json()
    assert head["header"] == day.batches[1].header.digest.hex()
    shown = client.get("/v1/batches/1").json()
    assert shown["header"] == json.loads(encode_header(day.batches[1].header))
    assert client.get("/v1/batches/2").status_code == 404
    assert client.get("/v1/batches/-1").status_code == 404
    assert client.get(f"/v1/batches/{10**40}").status_code in (404, 422)
    assert client.get("/v1/forks").json() == {"forks": []}


def refused(client: TestClient, document: dict[str, Any]) -> tuple[int, str]:
    answer = client.post("/v1/batches", json=document)
    found = answer.json()
    assert not found["accepted"]
    assert found["sentence"]
    return answer.status_code, found["code"]


def test_refusals_have_a_status_and_a_code(client: TestClient, day: Day, slot: int) -> None:
    good = submission(day, slot)
    assert refused(client, submission(day, slot, 1)) == (409, "stale")
    assert refused(client, good | {"proof": ""}) == (400, "proof-malformed")
    assert refused(client, good | {"proof": submission(day, slot, 1)["proof"]}) == (
        422,
        "opening-invalid",
    )
    assert refused(client, {k: v for k, v in good.items() if k != "slice"}) == (
        422,
        "slice-missing",
    )
    assert refused(client, good | {"header": {}}) == (400, "header-malformed")
    other = good["header"] | {"chain": "elsewhere"}
    assert refused(client, good | {"header": other}) == (422, "chain-unknown")
    assert client.get("/v1/head").json()["batch"] is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"header": {}}',
        b'{"header": {}, "proof": 7}',
        b'{"header": {}, "proof": "*"}',
        b'{"header": 1, "proof": ""}',
        b'{"header": {}, "proof": "", "extra": 1}',
        b'{"header": {}, "header": {}, "proof": ""}',
        b'{"header": {}, "proof": "", "snapshot": {}}',
        b'{"header": {}, "proof": "", "snapshot": {}, "telemetry": {}}',
        b'{"header": {}, "proof": 1e400}',
        b"\xff\xfe",
    ],
)
def test_other_bodies_are_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/v1/batches", content=body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "request-malformed"


def test_fork_is_told_and_kept(client: TestClient, day: Day, slot: int) -> None:
    client.post("/v1/batches", json=submission(day, slot))
    rival = replace(day.batches[0].header, time_ms=START_MS - 1)
    rival = rival.signed(day.world.router.sign(rival.signed_message))
    document = submission(day, slot) | {"header": json.loads(encode_header(rival))}
    assert refused(client, document) == (409, "fork")
    (fork,) = client.get("/v1/forks").json()["forks"]
    assert fork["refused"] == rival.digest.hex()


def test_long_bodies_are_not_read(gate: Gate, day: Day, slot: int) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(10_000):
            yield bytes(1000)

    with TestClient(create_app(gate, Limits(body_bytes=20_000))) as client:
        for body in (bytes(20_001), endless()):
            answer = client.post("/v1/batches", content=body)
            assert answer.status_code == 413
            assert answer.json()["code"] == "too-long"
        assert client.post("/v1/batches", content=bytes(20_000)).status_code == 400


class SlowGate(Gate):
    """Waits until it is told to go on."""

    def __init__(self, gate: Gate) -> None:
        super().__init__(gate.configuration, gate.ledger)
        self.go_on = threading.Event()
        self.entered = threading.Event()

    def accept(self, *arguments: Any) -> Accepted | Refused:
        self.entered.set()
        self.go_on.wait(20)
        return super().accept(*arguments)


def test_slow_answers_and_crowds_are_bounded(gate: Gate, day: Day, slot: int) -> None:
    slow = SlowGate(gate)
    document = submission(day, slot)
    with TestClient(create_app(slow, Limits(seconds=0.3, at_once=1))) as client:
        began = time.monotonic()
        assert refused(client, document) == (503, "timeout")
        assert time.monotonic() - began < 5
        assert slow.entered.is_set()
        assert refused(client, document) == (503, "busy")
        slow.go_on.set()
        for _ in range(100):
            if client.get("/v1/head").json()["batch"] == 0:
                break
            time.sleep(0.05)
        for _ in range(100):
            # in the ledger a moment before the slow one has left its place to another
            answer = client.post("/v1/batches", json=document).json()
            if answer.get("code") != "busy":
                break
            time.sleep(0.05)
        assert answer["accepted"]
        assert answer["again"]


def test_token_is_asked_for(gate: Gate) -> None:
    with TestClient(create_app(gate, Limits(token=SECRET))) as client:
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": SECRET}):
            assert client.get("/v1/head", headers=headers).status_code == 401
            assert client.get("/metrics", headers=headers).status_code == 401
        good = {"Authorization": f"Bearer {SECRET}"}
        assert client.get("/v1/head", headers=good).status_code == 200
        assert client.get("/healthz").json() == {"status": "ok"}


def test_metrics_count(client: TestClient, day: Day, slot: int) -> None:
    document = submission(day, slot)
    for body in (document, document, document | {"proof": "AAAA", "header": {}}):
        client.post("/v1/batches", json=body)
    page = client.get("/metrics").text
    assert "zkroute_batches_accepted_total 1.0" in page
    assert "zkroute_batches_accepted_again_total 1.0" in page
    assert 'zkroute_batches_refused_total{code="header-malformed"} 1.0' in page
    assert "zkroute_head_batch 0.0" in page
    assert "zkroute_gate_seconds_count 3.0" in page


def test_logs_have_no_word_of_orders(
    client: TestClient, day: Day, slot: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "zkroute.service")
    part = day.slices[0][slot]
    client.post("/v1/batches", json=submission(day, slot))
    unsigned = submission(day, slot, 1)
    client.post("/v1/batches", json=unsigned | {"slice": unsigned["slice"][:-8]})
    lines = [JsonLines().format(record) for record in caplog.records]
    events = [json.loads(line) for line in lines if json.loads(line).get("event") == "batch"]
    assert [event["accepted"] for event in events] == [True, False]
    assert events[1]["code"] == "slice-malformed"
    text = "".join(lines)
    identifiers = {
        bytes(record["client_order_id"]).decode() for record in day.signed[0].orders.records
    }
    for secret in (*filter(None, identifiers), part.salt.hex(), str(part.mask)):
        assert secret not in text


def test_faults_say_nothing(
    gate: Gate, day: Day, slot: int, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Gate):
        def accept(self, *arguments: Any) -> Accepted | Refused:
            raise RuntimeError(f"order {arguments[2]!r}")

    broken = Broken(gate.configuration, gate.ledger)
    with TestClient(create_app(broken), raise_server_exceptions=False) as client:
        answer = client.post("/v1/batches", json=submission(day, slot))
    assert answer.status_code == 500
    assert "order" not in answer.text
    assert "zkr-slc" not in caplog.text


def test_readiness_is_that_of_the_ledger(client: TestClient, gate: Gate) -> None:
    assert client.get("/readyz").status_code == 200
    gate.ledger.close()
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_description_names_the_parts_of_a_request(client: TestClient) -> None:
    page = client.get("/openapi.json").json()
    post = page["paths"]["/v1/batches"]["post"]
    schema = post["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == {"header", "proof", "slice", "snapshot", "telemetry"}
    assert {"200", "400", "409", "422", "503"} <= set(post["responses"])


def test_command_serves(tmp_path: Path) -> None:
    """The real thing: a process, a port, and a request."""
    data = {"ZKROUTE_DATA_DIR": str(tmp_path / "data")}
    zkroute = [sys.executable, "-m", "zkroute.cli"]

    def run(*words: str) -> None:
        subprocess.run(
            [*zkroute, *words, "--quiet"],
            cwd=tmp_path,
            env=_environment(data),
            check=True,
            capture_output=True,
        )

    run("init", ".", "--orders", "40")
    run("srs", "new", "--rows", "2^6")
    run("keys")
    run("settle", "init")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        [*zkroute, "serve", "--port", str(port)],
        cwd=tmp_path,
        env=_environment(data),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            assert json.loads(_get(f"http://127.0.0.1:{port}/v1/head", process))["batch"] is None
        finally:
            process.terminate()
        assert process.stdout is not None
        lines = process.stdout.read().decode().splitlines()
    started = [json.loads(line) for line in lines if line.startswith("{")]
    assert {line["level"] for line in started} == {"info"}


def _environment(more: dict[str, str]) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def _get(address: str, process: subprocess.Popen[bytes]) -> bytes:
    for _ in range(300):
        assert process.poll() is None
        try:
            return httpx.get(address, timeout=5).content
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError(address)
