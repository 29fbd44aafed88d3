from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.base.errors import KernelReferenceError
from mremapcheck.kernels.ranges import KernelRange, landmarks
from mremapcheck.kernels.version import KernelVersion

ALL = ["6.15.9", "6.16-rc1", "6.16", "6.16.12", "6.17-rc1", "6.17-rc3", "6.17", "6.17.13", "6.18-rc1"]

number = st.integers(0, 3)
versions = st.builds(KernelVersion, number, number, number, st.none() | st.integers(1, 3))
texts = versions.map(str) | st.builds("{}.{}.0".format, number, number)
bounds = st.builds("{}{}".format, st.sampled_from(["<", "<=", ">", ">=", "==", "!=", ""]), texts)
ranges = st.lists(bounds, max_size=3).map(lambda parts: KernelRange.parse(", ".join(parts)))


@pytest.mark.parametrize(
    ("text", "admitted"),
    [
        ("*", ALL),
        ("", ALL),
        ("<6.17-rc1", ALL[:4]),
        ("<=6.16", ALL[:4]),
        (">6.16", ALL[4:]),
        ("<6.16", ALL[:2]),
        (">=6.16", ALL[2:]),
        (">=6.17", ALL[6:]),
        ("6.17", ["6.17", "6.17.13"]),
        ("==6.17", ["6.17", "6.17.13"]),
        ("==6.17.0", ["6.17"]),
        ("<=6.17.0", ALL[:7]),
        ("!=6.17", [*ALL[:6], "6.18-rc1"]),
        ("6.17-rc1", ["6.17-rc1"]),
        (">=6.17-rc1, <6.17-rc3", ["6.17-rc1"]),
        (">=6.17-rc1,<6.17", ["6.17-rc1", "6.17-rc3"]),
        (">= v6.16.12 , != 6.17-rc3", ["6.16.12", "6.17-rc1", "6.17", "6.17.13", "6.18-rc1"]),
        (">6.17, <6.17", []),
    ],
)
def test_admits(text: str, admitted: list[str]) -> None:
    kernels = KernelRange.parse(text)
    assert [version for version in ALL if KernelVersion.parse(version) in kernels] == admitted


@pytest.mark.parametrize("text", [">=", "6.17 6.18", ">=6.17,", ",", "=<6.17", "~=6.17", "=>6.17", ">=next-20250814"])
def test_refuses(text: str) -> None:
    with pytest.raises(KernelReferenceError) as caught:
        KernelRange.parse(text)
    assert caught.value.hint


def test_says_how_a_range_is_written() -> None:
    with pytest.raises(KernelReferenceError, match=r"`=>6\.17` is not a range of kernels") as caught:
        KernelRange.parse("=>6.17")
    assert ">=6.17-rc1, <6.17-rc3" in caught.value.hint


@given(ranges)
def test_text_reads_back(kernels: KernelRange) -> None:
    assert KernelRange.parse(str(kernels)) == kernels


@given(ranges, ranges, versions)
def test_a_comma_is_an_and(a: KernelRange, b: KernelRange, version: KernelVersion) -> None:
    both = KernelRange(a.bounds + b.bounds)
    assert (version in both) == (version in a and version in b)


@given(versions, versions)
def test_opposite_comparisons_complement_each_other(bound: KernelVersion, version: KernelVersion) -> None:
    for one, other in (("<", ">="), (">", "<="), ("==", "!=")):
        assert (version in KernelRange.parse(f"{one}{bound}")) != (version in KernelRange.parse(f"{other}{bound}"))


@given(st.lists(ranges, max_size=3), versions)
def test_landmarks_stand_for_every_version(several: list[KernelRange], version: KernelVersion) -> None:
    found = landmarks(several)
    assert found == sorted(found)
    if not any(kernels.bounds for kernels in several):
        assert found == []
        return
    answers = {tuple(landmark in kernels for kernels in several) for landmark in found}
    assert tuple(version in kernels for kernels in several) in answers
