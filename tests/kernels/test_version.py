from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.base.errors import KernelReferenceError
from mremapcheck.kernels.version import KernelVersion

number = st.integers(0, 99)
versions = st.builds(KernelVersion, number, number, number, st.none() | st.integers(1, 12))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("6.17", "6.17"),
        ("v6.17", "6.17"),
        ("6.17.0", "6.17"),
        ("6.17.13", "6.17.13"),
        ("v6.17-rc3", "6.17-rc3"),
        (" 6.17-rc3\n", "6.17-rc3"),
        ("6.17.0-rc3+", "6.17-rc3"),
        ("6.17.0-rc3-00012-gabcdef", "6.17-rc3"),
        ("6.17.0-rc1-next-20250814", "6.17-rc1"),
        ("6.17.13-rc1", "6.17.13-rc1"),
        ("6.17.0-8-generic", "6.17"),
        ("5.14.0-503.el9.x86_64", "5.14"),
        ("6.1.0-50-cloud-amd64", "6.1"),
        ("6.18.44-fc-v657", "6.18.44"),
        ("6.17.13+deb13-cloud-amd64", "6.17.13"),
        ("7.2.12-prepatch", "7.2.12"),
        ("6.17~rc3-1~exp1", "6.17-rc3"),
        ("6.17.0-0.rc3.24.fc43.x86_64", "6.17-rc3"),
        ("6.17.0-061700rc3-generic", "6.17-rc3"),
        ("6.17.0-061700-generic", "6.17"),
        ("5.15.153.1-microsoft-standard-WSL2", "5.15.153"),
        ("6.8.12_custom-arch1", "6.8.12"),
    ],
)
def test_reads_tags_uname_and_distribution_names(text: str, canonical: str) -> None:
    version = KernelVersion.parse(text)
    assert str(version) == canonical
    assert version.raw == text.strip()


@pytest.mark.parametrize("text", ["", "banana", "6.", "6.17x", "6.17.abc4", "-rc3", "6.17.99999", "٦.١٧", "6,17"])
def test_refuses_what_is_no_version(text: str) -> None:
    with pytest.raises(KernelReferenceError, match="is not a kernel version") as caught:
        KernelVersion.parse(text)
    assert "uname -r" in caught.value.hint


def test_explains_why_a_linux_next_snapshot_has_no_place() -> None:
    with pytest.raises(KernelReferenceError, match="linux-next snapshot") as caught:
        KernelVersion.parse("next-20250814")
    assert "6.17-rc1+CHANGE" in caught.value.hint


def test_a_major_version_alone_is_half_a_version() -> None:
    with pytest.raises(KernelReferenceError, match="`6` is only half a kernel version"):
        KernelVersion.parse("6")


def test_orders_as_releases_are_made() -> None:
    written = ["5.19", "6.1.2", "6.16", "6.16.12", "6.17-rc1", "6.17-rc2", "6.17-rc10", "6.17"]
    written += ["6.17.1-rc1", "6.17.1", "6.17.13", "6.18-rc1", "7.0"]
    parsed = [KernelVersion.parse(text) for text in written[::-1]]
    assert [str(version) for version in sorted(parsed)] == written


def test_texts_of_one_release_are_equal() -> None:
    assert len({KernelVersion.parse(text) for text in ("6.17", "v6.17", "6.17.0-8-generic")}) == 1


@given(versions)
def test_canonical_form_reads_back(version: KernelVersion) -> None:
    assert KernelVersion.parse(str(version)) == version
    assert str(KernelVersion.parse(f"v{version}-7-generic")) == str(version)


@given(versions, versions, versions)
def test_order_is_total(a: KernelVersion, b: KernelVersion, c: KernelVersion) -> None:
    assert (a < b) + (a == b) + (a > b) == 1
    assert not (a <= b <= c) or a <= c
    assert (a == b) == (hash(a) == hash(b) and str(a) == str(b))


@given(st.text())
def test_any_text_is_a_version_or_an_error_of_ours(text: str) -> None:
    try:
        KernelVersion.parse(text)
    except KernelReferenceError as error:
        assert error.hint
