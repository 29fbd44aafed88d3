from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from mremapcheck.base.errors import ExecutorError, KernelReferenceError, MremapcheckError
from mremapcheck.executors.vm.images import cache, known
from mremapcheck.executors.vm.images.image import Image, ImageError, open_image
from mremapcheck.linux.platforms import PLATFORMS
from tests.images.factories import bzimage


@pytest.fixture(autouse=True)
def _private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def image(release: str) -> Image:
    return Image("bzimage", bzimage(f"{release} (x@y) #1"), "somewhere", release, "(x@y) #1")


def test_added_found_and_removed() -> None:
    added = known.add(image("6.17.13-cloud"))
    assert (added.name, str(added.version), added.origin) == ("6.17.13-cloud", "6.17.13", "somewhere")
    assert open_image(added.path).release == "6.17.13-cloud"
    assert known.all_known() == [added]
    assert known.get("6.17.13-cloud") == added
    assert known.resolve("6.17").data == image("6.17.13-cloud").data
    assert known.remove("6.17") == added
    assert known.all_known() == []


def test_a_version_means_the_newest_that_fits() -> None:
    for release in ("6.17.8-a", "6.17.13-a", "6.18.2-a", "6.17.0-rc2", "6.19.0-rc1"):
        known.add(image(release))
    names = {
        text: getattr(known.find(text), "name", None)
        for text in ("6.17", "6.17.8", "v6.18", "6.17-rc2", "6.19", "6.16")
    }
    assert names == {
        "6.17": "6.17.13-a",
        "6.17.8": "6.17.8-a",
        "v6.18": "6.18.2-a",
        "6.17-rc2": "6.17.0-rc2",
        "6.19": None,
        "6.16": None,
    }
    assert [each.name for each in known.all_known()] == [
        "6.17.0-rc2",
        "6.17.8-a",
        "6.17.13-a",
        "6.18.2-a",
        "6.19.0-rc1",
    ]


def test_a_kernel_with_a_name_of_its_own_is_meant_by_it_only() -> None:
    known.add(image("6.17.13"), "mine")
    assert known.find("6.17") is None
    assert known.get("mine").release == "6.17.13"


def test_another_build_of_a_version_is_not_meant() -> None:
    known.add(image("6.17.13-a"))
    assert known.find("6.17.13-b") is None


def test_all_is_every_known_kernel() -> None:
    with pytest.raises(KernelReferenceError, match="no kernel is known"):
        known.expand(["vm:all"])
    known.add(image("6.17.13"))
    known.add(image("6.1.5"), "old")
    assert known.expand(["live", "vm:all"]) == ["live", "vm:old", "vm:6.17.13"]
    with pytest.raises(KernelReferenceError, match="names every known kernel"):
        known.resolve("all")


def test_a_version_means_the_usual_platform_and_a_name_whichever_it_has() -> None:
    known.add(image("6.17.13"))
    known.add(replace(image("6.17.20-arm64"), platform=PLATFORMS["arm64"]))
    known.add(replace(image("6.17.20-arm64-16k"), platform=PLATFORMS["arm64-16k"]))
    assert known.get("6.17").name == "6.17.13"
    assert known.get("6.17@arm64").name == "6.17.20-arm64" == known.get("6.17.20-arm64").name
    assert known.get("6.17@arm64-16k").platform.page_size == 16384
    assert known.expand(["vm:all@arm64", "via:ssh lab@host"]) == ["vm:6.17.20-arm64", "via:ssh lab@host"]
    assert known.resolve("6.17@arm64").platform.name == "arm64"
    with pytest.raises(KernelReferenceError, match="neither a known kernel nor a file") as caught:
        known.resolve("6.17@arm64-64k")
    assert "kernels fetch" not in caught.value.hint and "Debian has none for arm64-64k" in caught.value.hint
    with pytest.raises(KernelReferenceError) as caught:
        known.resolve("6.18@arm64")
    assert "`mremapcheck kernels fetch 6.18@arm64` gets it where Debian has it" in caught.value.hint
    with pytest.raises(KernelReferenceError, match="there is no platform"):
        known.expand(["vm:all@vax"])


def test_a_path_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bzImage").write_bytes(bzimage())
    assert known.resolve(str(tmp_path / "bzImage")).release == "6.17.13+test-amd64"
    monkeypatch.chdir(tmp_path)
    assert known.resolve("bzImage").release == "6.17.13+test-amd64"
    with pytest.raises(ImageError, match="there is no file or folder"):
        known.resolve("./missing")


def test_what_names_nothing_says_how_to_get_it() -> None:
    with pytest.raises(KernelReferenceError) as caught:
        known.resolve("6.17")
    assert "kernels fetch 6.17" in caught.value.hint
    with pytest.raises(KernelReferenceError) as caught:
        known.resolve("nonsense")
    assert "vm:./FILE" in caught.value.hint


@pytest.mark.parametrize("name", ["", "..", "a/b", "all", "a b", "."])
def test_names_are_safe_for_files(name: str) -> None:
    if name == "":
        assert known.add(image("6.17.13"), name).name == "6.17.13"
    else:
        with pytest.raises(MremapcheckError, match="cannot be a kernel's name"):
            known.add(image("6.17.13"), name)


def test_half_an_entry_is_no_entry_and_can_be_replaced() -> None:
    added = known.add(image("6.17.13"))
    (added.folder / "image.json").write_text("{")
    assert known.all_known() == []
    assert known.add(image("6.17.13")).name == "6.17.13"
    added.path.unlink()
    with pytest.raises(ImageError, match="cannot be read"):
        known.resolve("6.17.13")


def test_boots_are_remembered_by_what_is_in_the_file() -> None:
    digest = known.digest_of(image("6.17.13"))
    assert known.boot_of(digest) == {}
    known.remember_boot(digest, {"profile": "fast"})
    assert known.boot_of(digest) == {"profile": "fast"}
    assert known.boot_of(known.digest_of(image("6.17.12"))) == {}


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ExecutorError, match="cannot be written") as caught:
        known.add(image("6.17.13"))
    assert "XDG_CACHE_HOME" in caught.value.hint
    known.remember_boot("0", {})
    assert known.all_known() == []


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = known.add(image("6.17.13"))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(known, "write_whole", full)
    with pytest.raises(ExecutorError, match=r"kernels/6\.17\.14 cannot be written: No space left on device"):
        known.add(image("6.17.14"))
    assert known.all_known() == [kept]


def test_a_relative_xdg_folder_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/someone")
    assert cache.folder("x") == Path("/home/someone/.cache/mremapcheck/x")
