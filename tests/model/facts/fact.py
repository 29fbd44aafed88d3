"""What a measured fact is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mremapcheck.scenario.document import Scenario

MEASURED = ("5.10.218", "6.1.176", "6.12.107", "6.16.12", "6.17.13", "6.18.12", "7.0.13", "7.1.13", "7.2.12", "7.3.4")


@dataclass(frozen=True)
class Fact:
    """``expected`` maps the first measured kernel of an era to what is seen from there on; None: not measured."""

    scenario: Scenario
    expected: dict[str, str | None]
    show: str = "moves regions"


def same(expected: str) -> dict[str, str | None]:
    return {"5.10": expected}


SHM: dict[str, Any] = {"kind": "sysv-shm"}
ZERO: dict[str, Any] = {"kind": "dev-zero"}
RO: dict[str, Any] = {"prot": "r"}
RAW: dict[str, Any] = {"touch": False}
SEALED: dict[str, Any] = {"seal": True, "prot": "r"}
UFFD: dict[str, Any] = {"uffd": "missing"}
HUGE = {"align": "2M"}
