"""Atomic writes: all or nothing, private from the start, nothing left behind."""

import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from zkroute.atomic import write_atomic

posix_modes = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no mode bits")


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_writes_and_replaces(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "file.bin"
    write_atomic(target, b"first")
    write_atomic(str(target), b"second, longer")
    assert target.read_bytes() == b"second, longer"
    assert names_in(target.parent) == ["file.bin"]


@posix_modes
def test_private_file_is_private_even_over_a_public_one(tmp_path: Path) -> None:
    target = tmp_path / "secret"
    write_atomic(target, b"public")
    assert stat.S_IMODE(target.stat().st_mode) & 0o077 == 0o044 & ~_umask()
    write_atomic(target, b"private", private=True)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@posix_modes
def test_private_file_is_never_readable_by_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def observe(descriptor: int) -> None:
        seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))

    monkeypatch.setattr("os.fsync", observe)
    write_atomic(tmp_path / "secret", b"data", private=True)
    assert seen[0] == 0o600


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_failure_keeps_the_old_file_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    target = tmp_path / "file"
    write_atomic(target, b"old")

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    if failing == "fsync":
        monkeypatch.setattr("os.fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk is full"):
        write_atomic(target, b"new")
    assert target.read_bytes() == b"old"
    assert names_in(tmp_path) == ["file"]


@pytest.mark.parametrize("failing", ["open", "fsync", "replace"])
def test_errors_name_the_file_that_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    if failing == "replace":
        monkeypatch.setattr(Path, "replace", fail)
    else:
        monkeypatch.setattr(f"os.{failing}", fail)
    with pytest.raises(OSError, match="no space") as caught:
        write_atomic(tmp_path / "key.json", b"new")
    assert (caught.value.errno, caught.value.filename) == (
        errno.ENOSPC,
        str(tmp_path / "key.json"),
    )


def test_a_folder_in_the_files_place_or_a_file_in_the_folders_is_named(tmp_path: Path) -> None:
    (tmp_path / "batches").mkdir()
    with pytest.raises(IsADirectoryError) as caught:
        write_atomic(tmp_path / "batches", b"data")
    assert caught.value.filename == str(tmp_path / "batches")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NotADirectoryError) as refused:
        write_atomic(tmp_path / "file" / "key.json", b"data")
    assert refused.value.filename == str(tmp_path / "file")
    assert names_in(tmp_path) == ["batches", "file"]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no symbolic links here")
def test_replaces_a_link_instead_of_writing_through_it(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"untouched")
    link = tmp_path / "link"
    link.symlink_to(elsewhere)
    write_atomic(link, b"new")
    assert elsewhere.read_bytes() == b"untouched"
    assert link.read_bytes() == b"new"


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
