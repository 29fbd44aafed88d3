from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from mremapcheck.base.whole_file import write_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(params=["nameless", "named"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of a file system that has files without a name, or not."""
    if request.param == "named":
        real = os.open

        def refuse(path: Path, flags: int, mode: int = 0o777) -> int:
            if flags & os.O_TMPFILE == os.O_TMPFILE:
                raise OSError(errno.EOPNOTSUPP, "no such thing")
            return real(path, flags, mode)

        monkeypatch.setattr(os, "open", refuse)
    return tmp_path


def test_it_is_written_and_replaced(folder: Path) -> None:
    for text in (b"one", b"other"):
        write_whole(folder / "file", text)
        assert (folder / "file").read_bytes() == text
    assert names(folder) == ["file"]


def test_permissions_are_kept_or_what_the_umask_leaves(folder: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(folder / "file", b"")
        write_whole(folder / "open", b"", 0o666)
    finally:
        os.umask(before)
    assert [(folder / name).stat().st_mode & 0o777 for name in ("file", "open")] == [0o640, 0o666]


def test_a_link_stays_one(folder: Path) -> None:
    (folder / "link").symlink_to("file")
    write_whole(folder / "link", b"text")
    assert (folder / "link").is_symlink() and (folder / "file").read_bytes() == b"text"


def test_what_cannot_be_finished_leaves_the_old_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(folder / "file", b"one")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        write_whole(folder / "file", b"other")
    assert (folder / "file").read_bytes() == b"one"
    assert names(folder) == ["file"]


def test_a_draft_of_a_killed_process_goes_with_the_next_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class KilledError(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(KilledError):
            write_whole(folder / "file", b"half")
    (draft,) = names(folder)
    (folder / ".other.2026.11").write_text("a user's own")
    os.utime(folder / ".other.2026.11", (0, 0))
    write_whole(folder / "next", b"")
    assert names(folder) == sorted([draft, ".other.2026.11", "next"]), "somebody may still be at it"
    os.utime(folder / draft, (0, 0))
    write_whole(folder / "next", b"")
    assert names(folder) == [".other.2026.11", "next"]
