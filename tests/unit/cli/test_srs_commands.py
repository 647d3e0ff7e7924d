"""srs: development strings, ceremonies, and the folder that keeps them."""

import shutil
from pathlib import Path

import pytest

from tests.support.shared import shared_path
from tests.unit.cli.conftest import Desk


@pytest.fixture
def empty(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_development_string_says_what_it_is(empty: Desk) -> None:
    answer = empty.must("srs", "new", "--rows", "2^6")
    assert answer["powers"] == 128
    assert answer["identifier"].startswith("development-INSECURE-")
    assert Path(answer["file"]).is_file()
    assert empty.must("srs", "list")["srs"][0]["identifier"] == answer["identifier"]
    assert empty.must("srs", "check", "development")["powers"] == 128
    assert empty.must("srs", "check", answer["file"])["powers"] == 128
    text = empty.run("srs", "new", "--rows", "64", "--name", "other").stdout
    assert text.startswith("INSECURE: ")


def test_none_yet_says_how_to_get_one(empty: Desk) -> None:
    assert "zkroute srs import" in empty.run("srs", "list").stdout
    assert empty.must("srs", "list")["srs"] == []


@pytest.mark.parametrize(
    "words",
    [
        ("--rows", "auto"),
        ("--rows", "100"),
        ("--name", "ppot-hermez"),
        ("--name", "Not A Name"),
        ("--rows", "2^30"),
    ],
)
def test_strings_that_cannot_be_made_are_refused(empty: Desk, words: tuple[str, ...]) -> None:
    assert empty.run("srs", "new", *words).code == 2


def test_a_name_stands_for_one_string(empty: Desk) -> None:
    empty.must("srs", "new", "--rows", "2^6")
    again = empty.run("srs", "new", "--rows", "2^6")
    assert again.code == 2
    assert "choose another --name" in again.stderr


def test_a_damaged_string_is_refused(empty: Desk) -> None:
    file = Path(empty.must("srs", "new", "--rows", "2^6")["file"])
    data = bytearray(file.read_bytes())
    data[1000] ^= 1
    file.write_bytes(data)
    assert empty.run("srs", "check", "development").code == 3


def test_a_genuine_ceremony_is_imported_and_proves(empty: Desk) -> None:
    file = shared_path("srs", "powersOfTau28_hez_final_08.ptau")
    answer = empty.must("srs", "import", file)
    assert (answer["name"], answer["powers"]) == ("ppot-hermez", 511)
    empty.must("init", empty.path, "--orders", "30")
    empty.must("keys")
    empty.must("route")
    empty.must("prove", "batches/0")
    digest = empty.accepting[1]
    assert empty.must("verify", "batches/0", "--start", "--accept", digest)["valid"] is True


def test_a_corrupted_ceremony_is_refused(empty: Desk, tmp_path: Path) -> None:
    file = tmp_path / "bad.ptau"
    shutil.copy(shared_path("srs", "powersOfTau28_hez_final_08.ptau"), file)
    file.chmod(0o600)
    data = bytearray(file.read_bytes())
    data[5000] ^= 1
    file.write_bytes(data)
    answer = empty.run("srs", "import", file)
    assert answer.code == 3
    assert "bad.ptau" in answer.stderr
    assert empty.must("srs", "list")["srs"] == []


def test_keys_says_what_to_do_without_an_srs(empty: Desk) -> None:
    empty.must("init", empty.path, "--orders", "30")
    answer = empty.run("keys")
    assert answer.code == 2
    assert "zkroute srs new --rows 2^6" in answer.stderr


def test_keys_asks_which_of_several(empty: Desk) -> None:
    empty.must("init", empty.path, "--orders", "30")
    for name in ("one", "two"):
        empty.must("srs", "new", "--rows", "2^6", "--name", name)
    answer = empty.run("keys")
    assert answer.code == 2
    assert "--srs" in answer.stderr
    assert empty.must("keys", "--srs", "two")["rows"] == 64
    assert empty.run("keys", "--srs", "two", "--rows", "2^8").code == 2


@pytest.mark.slow
def test_2_000_real_trades_under_a_genuine_ceremony(empty: Desk) -> None:
    empty.must("srs", "import", shared_path("srs", "powersOfTau28_hez_final_11.ptau"))
    empty.must("init", empty.path, "--trades", "--node-count", "16")
    assert empty.must("keys", "--orders", "2000")["rows"] == 2048
    trades = shared_path("data", "binance_trades_normalised.csv.gz")
    empty.must("route", trades, "--trades", "--count", "2000", "--skip-unlisted")
    empty.must("prove", "batches/0")
    digest = empty.accepting[1]
    answer = empty.must("verify", "batches/0", "--start", "--accept", digest)
    assert (answer["valid"], answer["orders"]) == (True, 2000)
