"""Appending to a published chain: whole batches in order, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from prover.state import CommittedBatch
from tests.audit.published import Site, proven, publishable
from tests.support.lock_holder import held
from tests.support.world import World
from verifier.errors import Code, VerificationError
from zkroute.audit import publishing
from zkroute.audit.findings import Fault, PublishingError
from zkroute.audit.folder import CHAIN
from zkroute.audit.publishing import LOCK, publish
from zkroute.errors import MalformedError, MismatchError, UsageError
from zkroute.formats.chain import decode_chain, encode_chain

Made = list[tuple[CommittedBatch, bytes]]


def contents(path: Path) -> dict[str, bytes]:
    return {
        each.relative_to(path).as_posix(): each.read_bytes()
        for each in path.rglob("*")
        if each.is_file()
    }


def refusal(path: Path, world: World, made: tuple[CommittedBatch, bytes]) -> Fault:
    before = contents(path)
    with pytest.raises(PublishingError) as refused:
        publish(path, publishable(world, made))
    assert contents(path) == before
    return refused.value.code


def test_publishing_again_changes_nothing(site: Site, made: Made) -> None:
    before = contents(site.path)
    for each in made:
        assert not publish(site.path, publishable(site.world, each))
    assert contents(site.path) == before


def test_a_gap_is_refused(tmp_path: Path, world: World, made: Made) -> None:
    assert refusal(tmp_path, world, made[1]) is Fault.GAP
    assert publish(tmp_path, publishable(world, made[0]))
    assert refusal(tmp_path, world, made[2]) is Fault.GAP


def test_a_fork_is_refused(site: Site, world: World, made: Made) -> None:
    assert refusal(site.path, world, proven(world, 7, made[0][0])) is Fault.FORK


def test_an_unknown_parent_is_refused(tmp_path: Path, world: World, made: Made) -> None:
    publish(tmp_path, publishable(world, made[0]))
    other = proven(world, 7, proven(world, 4, None)[0])
    assert refusal(tmp_path, world, other) is Fault.BROKEN_LINK


def test_what_does_not_hold_is_not_published(tmp_path: Path, world: World, made: Made) -> None:
    batch = publishable(world, made[0])
    with pytest.raises(VerificationError) as refused:
        publish(tmp_path, replace(batch, proof=batch.proof[:-32]))
    assert refused.value.code is Code.PROOF_MALFORMED
    assert not contents(tmp_path)


def test_another_chain_is_refused(site: Site, made: Made) -> None:
    batch = publishable(site.world, made[0])
    with pytest.raises(MismatchError, match="publishes chain"):
        publish(site.path, replace(batch, header=replace(batch.header, chain="another")))


def test_a_damaged_folder_is_not_added_to(site: Site, world: World, made: Made) -> None:
    site.file(2, "headers", "header").write_bytes(b"{}")
    with pytest.raises(MalformedError, match="mend the published folder"):
        publish(site.path, publishable(world, proven(world, 3, made[2][0])))


def test_a_break_before_the_list_is_replaced_is_made_good(
    site: Site, world: World, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was written by then, the list is the old one, and running again completes it."""
    batch = publishable(world, proven(world, 3, made[2][0]))
    written = publishing.write_atomic
    for writes in (0, 1, 1):  # nothing, the proof, the header
        before = (site.path / CHAIN).read_bytes()
        steps: Iterator[int] = iter(range(writes))

        def breaking(path: Path, data: bytes, steps: Iterator[int] = steps) -> None:
            if next(steps, None) is None:
                raise OSError(28, "No space left on device", str(path))
            written(path, data)

        monkeypatch.setattr(publishing, "write_atomic", breaking)
        with pytest.raises(OSError, match="No space"):
            publish(site.path, batch)
        assert (site.path / CHAIN).read_bytes() == before
        assert site.codes() <= {(3, "rolled-back"), (None, "file-extra")}
    monkeypatch.setattr(publishing, "write_atomic", written)
    assert publish(site.path, batch)
    assert not site.codes()


def test_publishers_at_once_lose_nothing(tmp_path: Path, world: World, made: Made) -> None:
    with ThreadPoolExecutor(4) as pool:
        batch = publishable(world, made[0])
        answers = list(pool.map(lambda _: publish(tmp_path, batch), range(4)))
    assert sorted(answers) == [False, False, False, True]


def test_nothing_is_published_among_other_files(tmp_path: Path, world: World, made: Made) -> None:
    """A router's own folder of batches would be served to everybody with what is private in it."""
    (tmp_path / "0").mkdir()
    batch = publishable(world, made[0])
    with pytest.raises(UsageError, match="holds 0, which is no part of a published chain"):
        publish(tmp_path, batch)
    assert [path.name for path in tmp_path.iterdir()] == ["0"]
    (tmp_path / "0").rmdir()
    # what a publisher left that was killed before it wrote the list is its own
    (tmp_path / "proofs").mkdir()
    (tmp_path / ".chain.json.0123.part").write_bytes(b"{")
    assert publish(tmp_path, batch)


def test_a_publisher_that_is_killed_stands_in_nobodys_way(
    site: Site, world: World, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "LOCK_SECONDS", 0.0)
    batch = publishable(world, made[0])
    with held(site.path / LOCK), pytest.raises(UsageError, match="another process is publishing"):
        publish(site.path, batch)
    assert (site.path / LOCK).exists()
    assert not publish(site.path, batch)
    assert not (site.path / LOCK).exists()
    assert not site.codes()


def test_the_list_reads_back(honest: Site) -> None:
    published = honest.folder.chain()
    assert decode_chain(encode_chain(published), "chain.json") == published


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"version": 1', '"version": 2', "version"),
        ('"batch": 0', '"batch": -1', "batch"),
        ('"header": "', '"header": "0', "header"),
        ('"batches"', '"others"', "batches"),
        ('"proof"', '"Proof"', "proof"),
    ],
)
def test_a_bad_list_is_refused(honest: Site, old: str, new: str, complaint: str) -> None:
    text = encode_chain(honest.folder.chain()).decode()
    with pytest.raises(MalformedError, match=complaint):
        decode_chain(text.replace(old, new, 1).encode(), "chain.json")
