"""5.4, the base: every pipeline in the kernel's order. Whatever came later is an edit of this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mremapcheck.executors.model.merging import extend_down, take_in
from mremapcheck.executors.model.steps import (
    checks,
    finishing,
    mergeable,
    moving,
    parameters,
    placing,
    resizing,
    setup,
    unmapping,
)

BASE: dict[str, tuple[Callable[..., Any], ...]] = {
    # The system call.
    "mremap": (
        parameters.check_flags,
        parameters.check_fixed_may_move,
        parameters.check_old_address,
        parameters.round_sizes,
        parameters.check_new_size,
        parameters.move_to_new_address,
        parameters.resize_or_move,
    ),
    # With MREMAP_FIXED.
    "mremap_to": (
        parameters.check_new_address,
        parameters.check_new_range,
        parameters.check_overlap,
        parameters.check_map_count_early,
        placing.unmap_destination,
        placing.cut_source,
        checks.lookup_vma,
        checks.check_vma,
        placing.place,
        moving.move_vma,
    ),
    # Without it.
    "mremap_at": (
        resizing.shrink_or_keep,
        checks.lookup_vma,
        checks.check_vma,
        resizing.grow_in_place,
        placing.check_may_move,
        placing.choose_any_place,
        placing.place,
        moving.move_vma,
    ),
    # May this mapping be moved or resized so?
    "check_vma": (
        checks.check_duplicate,
        checks.refuse_hugetlb,
        checks.check_source_range,
        checks.same_size,
        checks.check_expandable,
        checks.check_memlock,
        checks.check_address_space,
        checks.charge_growth,
    ),
    # Growth where it is.
    "grow": (
        resizing.raise_end,
        resizing.count_growth,
    ),
    # Where the copy goes (get_unmapped_area).
    "place": (
        placing.check_length,
        placing.check_huge_place,
        placing.take_or_choose,
        placing.check_place,
        placing.check_lowest_address,
    ),
    # The move itself.
    "move_vma": (
        moving.check_map_count,
        moving.copy_vma,
        moving.move_pages,
        moving.tell_driver,
        moving.follow_userfaultfd,
        moving.count_copy,
        moving.unmap_source,
        moving.count_locked,
        moving.answer_new_address,
    ),
    "copy_vma": (
        moving.describe_copy,
        moving.renumber_unfaulted,
        moving.find_neighbours,
        moving.merge_copy,
    ),
    # One mapping of a move of several (6.17), and which may be among them.
    "move_each": (),
    "eligible": (),
    # After the answer.
    "finish": (
        finishing.give_back_charge,
        finishing.populate_growth,
        finishing.send_events,
    ),
    # munmap, also of the destination, the tail and the source.
    "munmap": (
        unmapping.check_range,
        unmapping.find_first,
        unmapping.split_start,
        unmapping.split_end,
        unmapping.queue_unmap_events,
        unmapping.unmap_range,
    ),
    # Where a mapping may be cut (vm_ops->may_split).
    "may_split": (unmapping.can_split,),
    # Who merges with whom, and which mapping a merge may make disappear.
    "mergeable": (
        mergeable.same_flags,
        mergeable.same_file,
        mergeable.no_close,
        mergeable.same_userfaultfd,
        mergeable.anon_vmas_fit,
        mergeable.contiguous,
    ),
    "removable": (),
    "merge_mapping": (setup.merge_mapping,),
    "extend_down": (extend_down,),
    "take_in": (take_in,),
    "share_anon_vma": (),
    # The calls around.
    "mprotect": (setup.account_writable,),
    "registrable": (setup.can_register,),
    "register_offset": (setup.first_page_offset,),
    # Where a file can be given holes, and what counts as a mapping that writes to it.
    "punchable": (setup.is_writable,),
    "writers": (setup.opened_for_writing,),
    "reregistrable": (),
    "unregistrable": (),
    "nameable": (),
    # What UFFDIO_WRITEPROTECT takes, and whether pages that move stay protected.
    "write_protect": (),
    "keeps_protection": (),
    # What is not locked as it is mapped, whatever mlockall() has said of all that comes.
    "unlockable": (setup.is_special,),
    # What can be locked on fault.
    "lockable_on_fault": (setup.is_accessible,),
    # Whether a file gets one more page.
    "fillable": (),
    # The flags of a mapping that those of mmap() stand for.
    "map_flags": (setup.map_noreserve,),
    "guard": (),
    # Which flags MADV_UNMERGEABLE takes besides.
    "unmergeable": (setup.clear_upper_flags,),
    "discardable": (),
    "copy_on_fork": (setup.copies_private_pages,),
}

#: What scenarios may use on 5.4 already.
BASE_FEATURES = frozenset({"userfaultfd", "io-uring"})
