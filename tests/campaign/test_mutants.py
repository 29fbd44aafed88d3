"""Wrong models are found out: two steps in the wrong order, a step left out, a size that is off by one page."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from mremapcheck.base.units import PAGE
from mremapcheck.campaign.coverage import Edited
from mremapcheck.campaign.generator import FOR_MODELS, Generator
from mremapcheck.compare.finding import examine
from mremapcheck.executors.model.call import Call
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.merging import take_in
from mremapcheck.executors.model.pipeline import Pipelines, Step
from mremapcheck.executors.model.reference import resolve
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.parse import parse_document

KERNEL = "6.18"

#: Steps that few scenarios need: limits, map counts, drivers. ``test_coverage`` drops the changes that brought them,
#: with more scenarios. What charge_move and overcharge_shrink do no outcome shows, tell_driver is of other kernels, and
#: get_nodes_to_unmap matters where memory runs out; what check_range of an unmapping refuses shipped scenarios show.
RARE = {
    *("get_nodes_to_unmap", "check_range"),
    *("lookup_vma", "check_room_for_copy", "check_memlock", "check_address_space", "check_map_count"),
    *("check_may_split", "charge_move", "overcharge_shrink", "tell_driver", "same_userfaultfd"),
}
#: Neighbours whose order is seen from outside. Most checks answer EINVAL, whichever of them comes first.
ORDERED = [
    ("mremap", "round_sizes"),
    ("mremap", "lookup_vma"),
    ("mremap", "align_hugetlb"),
    ("mremap", "check_vma"),
    ("mremap", "move_to_new_address"),
    ("mremap_to", "unmap_destination"),
    ("mremap_to", "place"),
    ("check_vma", "check_source_range"),
    ("check_vma", "same_size"),
    ("move_vma", "keep_source"),
    ("move_vma", "unmap_source"),
]


@cache
def drawn(count: int = 10_000) -> tuple[Scenario, ...]:
    generator = Generator(3, costly=FOR_MODELS)
    return tuple(parse_document(generator.document(number)) for number in range(count))


def slots(pipeline: str) -> list[str]:
    return [step.slot for step in resolve(KERNEL).steps()[pipeline]]


@cache
def right() -> tuple[Execution, ...]:
    return tuple(ModelExecutor(resolve(KERNEL)).run(drawn()))


def caught(edit: Callable[[Pipelines], None]) -> bool:
    """Tell whether any scenario does something else, or breaks, when the kernel's steps are edited."""
    steps = resolve(KERNEL).steps()
    edit(steps)
    bad = ModelExecutor(Edited.of(resolve(KERNEL), steps))
    for scenario, a in zip(drawn(), right(), strict=True):
        try:
            b = bad.execute(scenario)
        except Exception:
            return True
        if examine(scenario, a, b).status == "different":
            return True
    return False


def wrapped(steps: Pipelines, pipeline: str, slot: str, change: Callable[[Any], None]) -> None:
    """Do ``change`` to the call before the step."""

    def off(call: Any) -> Any:
        change(call)
        return step.function(call)

    at = next(index for index, each in enumerate(steps[pipeline]) if each.slot == slot)
    step = steps[pipeline][at]
    steps[pipeline][at] = Step(slot, off, step.change)


def longer(call: Call) -> None:
    call.new_len += PAGE


def further(call: Call) -> None:
    call.new_addr += PAGE


def shorter(call: Call) -> None:
    call.old_len -= PAGE


@pytest.mark.parametrize("change", [longer, further, shorter])
@pytest.mark.parametrize("pipeline", ["check_vma", "move_vma", "mremap_to"])
def test_off_by_one_page_is_caught(change: Callable[[Call], None], pipeline: str) -> None:
    assert caught(lambda steps: wrapped(steps, pipeline, slots(pipeline)[0], change))


@pytest.mark.parametrize(
    "pipeline", ["mremap", "mremap_to", "check_vma", "move_vma", "munmap", "eligible", "mergeable"]
)
def test_a_step_left_out_is_caught(pipeline: str) -> None:
    for slot in slots(pipeline):

        def drop(steps: Pipelines, slot: str = slot) -> None:
            steps[pipeline] = [step for step in steps[pipeline] if step.slot != slot]

        if slot not in RARE or (pipeline, slot) == ("mremap", "lookup_vma"):
            assert caught(drop), slot


def test_memory_that_keeps_its_anon_vma_where_the_kernel_loses_it_is_caught() -> None:
    """One of 20,000 scenarios on a real 6.17 showed it: only a third move, or a fork, after memory has come home."""

    def keep(steps: Pipelines) -> None:
        steps["take_in"] = [Step("take_in", take_in)]

    assert caught(keep)


@pytest.mark.parametrize(("pipeline", "slot"), ORDERED)
def test_two_steps_in_the_wrong_order_are_caught(pipeline: str, slot: str) -> None:
    def swap(steps: Pipelines) -> None:
        at = next(index for index, step in enumerate(steps[pipeline]) if step.slot == slot)
        steps[pipeline][at : at + 2] = reversed(steps[pipeline][at : at + 2])

    assert caught(swap)
