"""Which changes a kernel has: models stand for the kernels here, since it is known what they have."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from mremapcheck.cli.main import call
from mremapcheck.compare.identify import Identity, identify, toggled
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.protocol import Kernel
from mremapcheck.report.identity import identity_lines
from mremapcheck.report.schema import json_schema
from mremapcheck.scenario.document import Scenario
from tests import shipped

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"


@cache
def _scenarios() -> list[Scenario]:
    return list(shipped.scenarios("multi", "destination", "history"))


class _Booted(ModelExecutor):
    """A model of a kernel that was booted with options that stand for changes."""

    switched_on: tuple[str, ...] = ()

    @property
    def kernel(self) -> Kernel:
        return replace(super().kernel, switched_on=self.switched_on)


def _identify(reference: str, *switched_on: str) -> Identity:
    executor = _Booted(resolve(reference))
    executor.switched_on = switched_on
    with executor:
        return identify(executor, _scenarios())


@pytest.mark.parametrize("reference", ["5.4", "6.12", "6.16", "6.17-rc2", "6.17-rc3", "7.3"])
def test_a_release_is_what_it_promises(reference: str) -> None:
    identity = _identify(reference)
    assert identity.as_promised
    assert (identity.nearest, identity.differing_from_nearest) == (reference, 0)
    assert {*identity.has, *identity.lacks, *identity.untold} >= {"multi-vma-move", "early-failure", "mseal"}
    assert set(identity.has) <= set(resolve(reference).ids)
    assert not set(identity.lacks) & set(resolve(reference).ids)


def test_a_backport_is_found() -> None:
    identity = _identify("6.17-rc2+early-failure")
    assert identity.gained == ("early-failure",)
    assert not identity.lost
    assert not identity.unexplained
    assert not identity.as_promised


def test_a_revert_is_found() -> None:
    identity = _identify("7.2-early-failure-thp-multi-move")
    assert set(identity.lost) == {"early-failure", "thp-multi-move"}
    assert "multi-vma-move" in identity.has


def test_a_stable_update_is_called_by_its_own_version() -> None:
    """Models change in few updates; people ask for any of them."""
    assert _identify("6.17.13").nearest == "6.17.13"
    assert _identify("5.10.262").nearest == "5.10.262"


def test_what_a_configuration_leaves_out_is_nobodys_revert() -> None:
    """Debian's kernels are built without names of memory."""
    identity = _identify("6.17.13-anon-names")
    assert {"anon-names", "shared-anon-names"} >= set(identity.left_out) >= {"anon-names"}
    assert identity.as_promised and not identity.lost
    assert "anon-names" in identity.lacks
    text = "\n".join(identity_lines(identity))
    assert "all that version 6.17.13 promises, and nothing else" in text
    assert "left out          anon-names" in text
    assert "configuration" in text
    assert not _identify("6.17.13-early-failure").left_out, "it behaves otherwise, so it is no matter of configuration"


def test_what_a_boot_option_stands_for_is_no_backport() -> None:
    assert _identify("6.1.192+secret-by-default").gained == ("secret-by-default",)
    identity = _identify("6.1.192+secret-by-default", "secret-by-default")
    assert identity.as_promised
    assert "secret-by-default" in identity.has


def test_two_changes_of_which_one_shows_the_other() -> None:
    """Before 6.5 no scenario sees what secret memory does, unless it is switched on."""
    identity = _identify("6.1.176+secret-by-default+secret-unlocked", "secret-by-default")
    assert identity.gained == ("secret-unlocked",)
    assert not identity.unexplained


def test_what_makes_no_difference_is_not_claimed() -> None:
    with ModelExecutor(resolve("6.18")) as executor:
        identity = identify(executor, _scenarios()[:1])
    assert len(identity.untold) > len(identity.has) + len(identity.lacks)


def test_toggling_takes_along_what_belongs_together() -> None:
    everything = frozenset(resolve("7.3").ids)
    assert not {"multi-vma-move", "early-failure"} & toggled(everything, "multi-vma-move")
    assert {"multi-vma-move", "early-failure"} <= toggled(frozenset(resolve("6.16").ids), "early-failure")


def test_people_are_told_what_deviates() -> None:
    text = "\n".join(identity_lines(_identify("6.17-rc2+early-failure")))
    assert "has as well  early-failure" in text
    assert "d5f416c7c364" in text
    assert "6.17-rc2" in text


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["identify", "6.17-rc2", str(SCENARIOS / "multi"), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    Draft202012Validator(json_schema("identify")).validate(told)
    assert told["schema"] == "mremapcheck.identify/1"
    assert told["kernel"]["release"] == "6.17-rc2"
    assert "multi-vma-move" in told["has"]
    assert "early-failure" in told["lacks"]
    assert call(["identify", "6.17-rc2+early-failure", str(SCENARIOS / "multi")]) == 1
