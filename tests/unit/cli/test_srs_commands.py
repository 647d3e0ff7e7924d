"""srs: development strings, ceremonies, and the folder that keeps them."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from circuits.statement import MAXIMUM_LOG_ROWS, MINIMUM_LOG_ROWS
from tests.support.shared import shared_path
from tests.unit.cli.conftest import Desk
from zkroute.algebra.engine import engine
from zkroute.cli import options
from zkroute.formats.srs_file import store_srs
from zkroute.protocol.srs import SrsKind, new_development


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


def test_a_string_that_is_long_enough_will_do(empty: Desk) -> None:
    made = empty.must("srs", "new", "--rows", "2^7")
    before = Path(made["file"]).read_bytes()
    for rows in ("2^7", "2^6"):
        again = empty.must("srs", "new", "--rows", rows)
        assert again == made | {"made": False}
        assert "kept here already and long enough" in empty.run("srs", "new", "--rows", rows).stdout
    assert Path(made["file"]).read_bytes() == before
    assert len(empty.must("srs", "list")["srs"]) == 1


def test_a_longer_string_takes_the_name_and_the_short_one_stays_for_its_keys(empty: Desk) -> None:
    empty.must("init", empty.path, "--orders", "30")
    short = empty.must("srs", "new", "--rows", "2^6")
    empty.must("keys")
    text = empty.run("srs", "new", "--rows", "2^7").stdout
    assert "it has a new secret: the 128 powers that were called development" in text
    assert f"stay for the keys made with them, as {short['identifier']}" in text
    long = empty.must("srs", "check", "development")
    assert (long["powers"], long["identifier"] != short["identifier"]) == (192, True)
    # neither asks which of the two is meant
    assert empty.must("srs", "new", "--rows", "2^6")["identifier"] == long["identifier"]
    other = empty.must("keys", "--output", "other.json")
    assert other["srs"] == long["identifier"]
    assert empty.must("keys", "--srs", short["identifier"])["srs"] == short["identifier"]
    empty.must("route")
    empty.must("prove", "batches/0")
    words = ("verify", "batches/0", "--start", *empty.accepting[:2])
    assert empty.run(*words).code == 4
    assert empty.run(*words, "--allow-development-srs", long["identifier"]).code == 4
    assert empty.run(*words, "--allow-development-srs", short["identifier"]).code == 0


def test_the_hint_of_keys_works_as_it_is_printed(empty: Desk) -> None:
    empty.must("init", empty.path, "--orders", "30")
    for rows in ("2^6", "2^7"):
        answer = empty.run("keys", "--rows", rows, "-o", f"{rows}.json")
        hint = re.search(r"zkroute (srs new --rows [0-9^]+)", answer.stderr)
        assert hint is not None
        empty.must(*hint.group(1).split())
        empty.must("keys", "--rows", rows, "-o", f"{rows}.json")


@pytest.mark.parametrize(
    ("verb", "rows", "said"),
    [
        ("srs new", "63", "'63' is not a power of two such as 4096 or 2^12"),
        ("srs new", "auto", "'auto' is not a power of two such as 4096 or 2^12"),
        ("srs new", "2^21", "2^21 is out of range: row classes are 2^6 to 2^20"),
        ("srs new", "32", "32 is out of range: row classes are 2^6 to 2^20"),
        ("keys", "63", "'63' is not auto or a power of two such as 4096 or 2^12"),
        ("keys", "2^30", "2^30 is out of range: row classes are 2^6 to 2^20"),
        ("keys", "2^" + "9" * 9, "is out of range: row classes are 2^6 to 2^20"),
        ("keys", "0", "'0' is not auto or a power of two such as 4096 or 2^12"),
    ],
)
def test_row_classes_are_refused_with_what_is_true(
    empty: Desk, verb: str, rows: str, said: str
) -> None:
    answer = empty.run(*verb.split(), "--rows", rows)
    assert answer.code == 2
    assert said in answer.stderr


def test_row_classes_are_those_of_the_statement() -> None:
    limits = (options.MINIMUM_LOG_ROWS, options.MAXIMUM_LOG_ROWS)
    assert limits == (MINIMUM_LOG_ROWS, MAXIMUM_LOG_ROWS)


def test_a_shorter_file_of_a_ceremony_leaves_the_longer_one(empty: Desk) -> None:
    for power, in_file, kept in ((9, 1023, 1023), (8, 511, 1023)):
        file = shared_path("srs", f"powersOfTau28_hez_final_{power:02}.ptau")
        answer = empty.must("srs", "import", file)
        assert (answer["powers_in_file"], answer["powers"]) == (in_file, kept)
    text = empty.run("srs", "import", file).stdout
    assert "ppot-hermez: 511 powers, checked" in text
    assert "are 1,023 powers of it already, and they stay" in text
    assert empty.must("srs", "list")["srs"][0]["powers"] == 1023


def test_a_ceremonys_name_is_not_for_development(empty: Desk) -> None:
    made = new_development(3, engine("reference"), "mine")
    store_srs(replace(made, kind=SrsKind.CEREMONY), empty.path / "data" / "srs")
    answer = empty.run("srs", "new", "--rows", "2^6", "--name", "mine")
    assert answer.code == 2
    assert "mine is a ceremony" in answer.stderr


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
