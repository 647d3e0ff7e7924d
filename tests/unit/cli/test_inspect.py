"""inspect: every artefact is known by its content, and no secret is shown."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.shared import shared_path
from tests.unit.cli.conftest import ORDERS, Desk
from zkroute.formats.batch import read_batch


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("batches/0", "batch header"),
        ("batches/0/header.json", "batch header"),
        ("batches/0/proof.bin", "proof"),
        ("batches/0/snapshot.json", "node snapshot"),
        ("batches/0/batch.private", "private batch"),
        ("key.json", "verifying key"),
        ("policy.toml", "routing policy"),
        ("nodes.toml", "node snapshot"),
        ("router.key", "router's private key"),
        ("router.pub", "router's public key"),
    ],
)
def test_every_artefact_says_what_it_is(desk: Desk, name: str, kind: str) -> None:
    assert desk.must("inspect", name)["kind"] == kind
    assert kind in desk.run("inspect", name).stdout


def test_digests_agree_with_one_another(desk: Desk) -> None:
    header = desk.must("inspect", "batches/0")
    assert header["key"] == desk.must("inspect", "key.json")["digest"]
    assert header["policy"] == desk.must("inspect", "policy.toml")["digest"]
    assert header["snapshot"] == desk.must("inspect", "nodes.toml")["digest"]
    assert header["snapshot"] == desk.must("inspect", "batches/0/snapshot.json")["digest"]
    assert header["router"] == desk.must("inspect", "router.pub")["public_key"]
    assert header["digest"] == desk.must("inspect", "batches/1")["previous"]


def test_a_key_shows_its_circuit(desk: Desk) -> None:
    answer = desk.must("inspect", "key.json")
    proof = (desk.path / "batches/0/proof.bin").read_bytes()
    assert answer["proof_bytes"] == len(proof)
    tables = {table["table"]: table for table in answer["tables"]}
    assert set(tables) == {"orders", "nodes", "lookup"}
    assert tables["orders"]["rows"] == 64
    assert all(table["gates"] > 0 for table in answer["tables"])
    assert "range" in {bus["bus"] for bus in answer["buses"]}
    assert "sentences" not in answer
    sentences = desk.must("inspect", "key.json", "--gates")["sentences"]
    assert "orders: active is zero or one" in sentences
    assert "active is zero or one" in desk.run("inspect", "key.json", "--gates").stdout


def test_an_srs_and_a_ceremony_file(desk: Desk) -> None:
    (srs,) = desk.must("srs", "list")["srs"][:1]
    assert desk.must("inspect", srs["file"])["identifier"] == srs["identifier"]
    ptau = shared_path("srs", "powersOfTau28_hez_final_08.ptau")
    assert desk.must("inspect", ptau)["powers"] == 511


def test_secrets_are_not_shown(desk: Desk) -> None:
    private = read_batch(desk.path / "batches/0/batch.private")
    answer = desk.run("inspect", "batches/0/batch.private")
    assert str(ORDERS) in answer.stdout
    assert private.salts[0].hex() not in answer.stdout
    secret = (desk.path / "router.key").read_text().splitlines()[1]
    assert secret not in desk.run("inspect", "router.key").stdout


def test_a_proof_needs_its_key(desk: Desk, tmp_path: Path) -> None:
    proof = desk.path / "batches/0/proof.bin"
    assert "name its --key" in desk.must("inspect", proof, "--key", tmp_path / "none")["note"]
    damaged = bytearray(proof.read_bytes())
    damaged[0] = 0
    (tmp_path / "proof.bin").write_bytes(damaged)
    assert desk.run("inspect", tmp_path / "proof.bin").code == 3


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", 2),
        (b"hello", 2),
        (b"{}", 2),
        (b"{", 3),
        (b'{"a":' * 5000, 3),
        (b"ptau", 3),
        (b"zkr-srs\0", 3),
        (b"-----BEGIN nothing", 2),
    ],
)
def test_anything_else_is_refused(desk: Desk, tmp_path: Path, content: bytes, code: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    answer = desk.run("inspect", path)
    assert answer.code == code, answer
    assert len(answer.stderr.splitlines()) == 1


def test_documents_with_mistakes_name_the_line(desk: Desk, tmp_path: Path) -> None:
    shutil.copy(desk.path / "policy.toml", tmp_path / "policy.toml")
    text = (tmp_path / "policy.toml").read_text().replace("slots = 64", "slots = 63")
    (tmp_path / "policy.toml").write_text(text)
    line = 1 + text[: text.index("slots = 63")].count("\n")
    answer = desk.run("inspect", tmp_path / "policy.toml")
    assert answer.code == 3
    assert f"policy.toml:{line}: slots: must be a power of two" in answer.stderr


def test_a_canonical_policy_is_read_from_json(desk: Desk, tmp_path: Path) -> None:
    policy = json.loads((desk.path / "key.json").read_text())["policy"]
    text = json.dumps(policy, sort_keys=True, separators=(",", ":"))
    (tmp_path / "policy.json").write_text(text)
    digest = desk.must("inspect", tmp_path / "policy.json")["digest"]
    assert digest == desk.must("inspect", "policy.toml")["digest"]


def test_a_key_shows_its_soundness_error(desk: Desk) -> None:
    assert "security" not in desk.must("inspect", "key.json")
    shown = desk.must("inspect", "key.json", "--security")["security"]
    assert shown["curve_bits"] == 100
    assert shown["statistical_bits_by_formula"] <= shown["statistical_bits_by_enumeration"]
    assert shown["statistical_bits_by_formula"] > 220
    assert "opening_join" in {row["drawn"] for row in shown["soundness"]}
    printed = desk.run("inspect", "key.json", "--security").stdout
    assert "about 100 bits" in printed
    assert "evaluation_point" in printed
    assert desk.run("inspect", "policy.toml", "--security").code == 2
