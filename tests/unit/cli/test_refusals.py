"""What verify refuses, and with which exit code and word."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.unit.cli.conftest import Answer, Desk
from verifier.errors import Code
from zkroute.formats.header import decode_header, encode_header
from zkroute.formats.router_key import read_private_key

CODES = {code.value for code in Code}
"""People read them too; other failures have no code."""


@pytest.fixture
def batch(desk: Desk, tmp_path: Path) -> Path:
    """A copy of the second batch to tamper with."""
    target = tmp_path / "batch"
    shutil.copytree(desk.path / "batches/1", target)
    return target


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def sign_again(desk: Desk, path: Path) -> None:
    header = decode_header(path.read_bytes(), "header")
    router = read_private_key(desk.path / "router.key")
    path.write_bytes(encode_header(header.signed(router.sign(header.signed_message))))


def verify(desk: Desk, batch: Path, *words: object) -> Answer:
    return desk.run("verify", batch, "--after", "batches/0", *desk.accepting, *words, "--json")


def refused(answer: Answer, code: int, word: str) -> None:
    assert (answer.code, answer.document["error"]) == (code, word), answer
    assert answer.document["exit_code"] == code
    said = f"{word}: {answer.document['message']}" if word in CODES else answer.document["message"]
    assert answer.stderr == f"zkroute: {said}\n"


def test_the_untouched_copy_is_valid(desk: Desk, batch: Path) -> None:
    assert verify(desk, batch).document["valid"] is True


def test_a_changed_value_in_the_proof(desk: Desk, batch: Path) -> None:
    proof = bytearray((batch / "proof.bin").read_bytes())
    proof[-65] ^= 1
    (batch / "proof.bin").write_bytes(proof)
    refused(verify(desk, batch), 1, "opening-invalid")


@pytest.mark.parametrize("change", [lambda proof: proof[:-1], lambda proof: proof + b"\0"])
def test_a_proof_of_another_length(
    desk: Desk, batch: Path, change: Callable[[bytes], bytes]
) -> None:
    (batch / "proof.bin").write_bytes(change((batch / "proof.bin").read_bytes()))
    refused(verify(desk, batch), 3, "proof-malformed")


def test_the_proof_of_another_batch(desk: Desk, batch: Path) -> None:
    shutil.copy(desk.path / "batches/0/proof.bin", batch / "proof.bin")
    refused(verify(desk, batch), 1, "opening-invalid")


def test_a_changed_header(desk: Desk, batch: Path) -> None:
    edit(batch / "header.json", lambda header: header.update(slices="00" * 32))
    refused(verify(desk, batch), 1, "signature-invalid")


def test_swapped_commitments_signed_again_by_the_router(desk: Desk, batch: Path) -> None:
    edit(batch / "header.json", lambda header: header["columns"].reverse())
    sign_again(desk, batch / "header.json")
    refused(verify(desk, batch), 1, "opening-invalid")


def test_a_header_that_is_no_header(desk: Desk, batch: Path) -> None:
    edit(batch / "header.json", lambda header: header.update(batch="1"))
    refused(verify(desk, batch), 3, "malformed")


def test_a_batch_handed_in_again(desk: Desk, batch: Path) -> None:
    words = ("verify", batch, "--after", batch, *desk.accepting, "--json")
    refused(desk.run(*words), 5, "stale")


def test_a_later_batch_as_the_first(desk: Desk, batch: Path) -> None:
    refused(desk.run("verify", batch, "--start", *desk.accepting, "--json"), 5, "stale")


def test_a_key_nobody_named(desk: Desk, batch: Path) -> None:
    refused(desk.run("verify", batch, "--accept", "00" * 32, "--json"), 4, "key-unknown")


def test_a_development_srs_nobody_named(desk: Desk, batch: Path) -> None:
    digest = desk.accepting[1]
    refused(desk.run("verify", batch, "--accept", digest, "--json"), 4, "development-srs")


def test_a_snapshot_nobody_named(desk: Desk, batch: Path, tmp_path: Path) -> None:
    text = (desk.path / "nodes.toml").read_text().replace("gas_price = 9", "gas_price = 8")
    (tmp_path / "other.toml").write_text(text)
    refused(verify(desk, batch, "--nodes", tmp_path / "other.toml"), 4, "snapshot-unknown")


def test_a_router_nobody_named(desk: Desk, batch: Path) -> None:
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()
    refused(verify(desk, batch, "--router", other), 4, "router-unknown")


def test_a_tampered_key_file(desk: Desk, batch: Path, tmp_path: Path) -> None:
    shutil.copy(desk.path / "key.json", tmp_path / "key.json")
    edit(tmp_path / "key.json", lambda key: key.update(nodes=9))
    refused(verify(desk, batch, "--key", tmp_path / "key.json"), 3, "malformed")


def test_files_that_are_not_there(desk: Desk, batch: Path) -> None:
    (batch / "proof.bin").unlink()
    refused(verify(desk, batch), 2, "usage")
    refused(verify(desk, batch / "nowhere"), 2, "usage")


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "batches/0"),
        ("verify", "batches/0", "--accept", "00"),
        ("verify", "batches/0", "--accept", "AA" * 32),
        ("verify", "--accept", "00" * 32),
        ("verify", "batches/0", "--start", "--after", "batches/0", "--accept", "00" * 32),
        ("nonsense",),
        ("prove",),
        ("keys", "--rows", "100"),
        ("keys", "--rows", "2^"),
        ("keys", "--orders", "no such file"),
        ("srs", "check", "no such name"),
    ],
)
def test_wrong_usage_is_exit_code_2(desk: Desk, words: tuple[str, ...]) -> None:
    answer = desk.run(*words)
    assert answer.code == 2
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""


def test_prove_refuses_what_does_not_belong_together(desk: Desk, batch: Path) -> None:
    shutil.copy(desk.path / "batches/0/batch.private", batch / "batch.private")
    answer = desk.run("prove", batch, "--json")
    refused(answer, 4, "mismatch")
    assert "opens another header" in answer.document["message"]


def test_prove_refuses_another_snapshot(desk: Desk, batch: Path) -> None:
    edit(batch / "snapshot.json", lambda snapshot: snapshot.update(epoch=2))
    text = json.dumps(json.loads((batch / "snapshot.json").read_text()), separators=(",", ":"))
    (batch / "snapshot.json").write_text(text)
    refused(desk.run("prove", batch, "--json"), 4, "mismatch")


def test_prove_refuses_damage(desk: Desk, batch: Path) -> None:
    data = bytearray((batch / "batch.private").read_bytes())
    data[200] ^= 1
    (batch / "batch.private").write_bytes(data)
    refused(desk.run("prove", batch, "--json"), 3, "malformed")


def test_a_key_for_fewer_nodes_is_refused(desk: Desk, tmp_path: Path) -> None:
    nodes = (desk.path / "nodes.toml").read_text().rsplit("[[nodes]]", 1)[0]
    (tmp_path / "nodes.toml").write_text(nodes)
    answer = desk.run("route", "--nodes", tmp_path / "nodes.toml", "--json")
    refused(answer, 4, "mismatch")
    assert "7 nodes, the key is for 8" in answer.document["message"]


def test_a_later_epoch_may_follow_but_an_earlier_may_not(desk: Desk, tmp_path: Path) -> None:
    text = (desk.path / "nodes.toml").read_text()
    for epoch, code in ((2, 0), (0, 4)):
        nodes = tmp_path / f"nodes-{epoch}.toml"
        nodes.write_text(text.replace("epoch = 1", f"epoch = {epoch}"))
        target = tmp_path / f"batch-{epoch}"
        words = ("route", "--after", "batches/1", "--nodes", nodes, "--output", target)
        assert desk.run(*words).code == code


def test_what_is_not_there_says_how_it_is_made(desk: Desk, tmp_path: Path) -> None:
    digest = "0" * 64
    for words, how in (
        (("route", "--key", tmp_path / "key.json"), "'zkroute keys' derives"),
        (("verify", tmp_path, "--accept", digest), "'zkroute route' makes"),
        (("verify", "batches", "--accept", digest), "batches is a folder of batches"),
        (("verify", "batches/0", "--proof", tmp_path / "p", "--accept", digest), "'zkroute prove "),
        (("settle", "status", "--config", tmp_path / "node.toml"), "'zkroute settle init' writes"),
    ):
        answer = desk.run(*words)
        assert answer.code == 2
        assert how in answer.stderr
        assert answer.stderr.count("\n") == 1
