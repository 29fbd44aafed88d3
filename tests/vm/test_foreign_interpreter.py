"""Which Python a guest of another architecture gets."""

from __future__ import annotations

import pytest

from mremapcheck.executors.vm.foreign_interpreter import choose
from mremapcheck.executors.vm.images.apt import AptError, Package


@pytest.mark.parametrize(
    ("own", "there", "chosen"), [(11, (9, 11, 13, 15), 11), (10, (9, 11, 13, 15), 11), (16, (11, 13, 15), 15)]
)
def test_it_is_the_nearest_that_is_new_enough(own: int, there: tuple[int, ...], chosen: int) -> None:
    found = [Package(f"python3.{minor}-minimal", "1", 1) for minor in there]
    found += [Package(f"libpython3.{minor}-stdlib", "1", 1) for minor in there]
    found += [Package("libc6", version, 1) for version in ("2.36-9", "2.41-12", "2.36-10")]
    minor, packages = choose(found, own)
    assert minor == chosen
    assert {(each.name, each.version) for each in packages} == {
        (f"python3.{chosen}-minimal", "1"),
        (f"libpython3.{chosen}-stdlib", "1"),
        ("libc6", "2.41-12"),
    }


def test_a_distribution_without_any() -> None:
    with pytest.raises(AptError, match="no Python for guests"):
        choose([Package("python3.9-minimal", "1", 1), Package("libc6", "1", 1)], 11)
