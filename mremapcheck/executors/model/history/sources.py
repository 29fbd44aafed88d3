"""The evidence for every commit id, first release and stable update of the history."""

from __future__ import annotations

from typing import Final

from mremapcheck.executors.model.change import Change
from mremapcheck.executors.model.evidence import COMMIT, RELEASE, Basis, Evidence


def _measured(fact: str, lacks: str, has: str, scenario: str) -> Evidence:
    return Evidence(fact, Basis.MEASURED, lacks=lacks, has=has, scenario=scenario)


def _listed_in_changelog(update: str) -> Evidence:
    return Evidence(
        update, Basis.CHANGELOG, f"the changelog of the distribution's package lists it under ChangeLog-{update}"
    )


#: What two repairs that went the same way, in one series, have in common.
_LATE_HOTFIX = (
    Evidence(
        COMMIT,
        Basis.LISTED,
        (
            "with its subject, in logs of pushes to public trees, in nine of them, among them "
            "mm-hotfixes-stable; the ids b54ba4428277, 9f305ddce17b, 863af35b7500 and 00b2591b9f04 are those "
            "of integration trees"
        ),
    ),
    Evidence(
        RELEASE,
        Basis.SOURCES,
        (
            "packaged sources of 7.3-rc7 have it; in mm-hotfixes-stable in October 2026, after 7.3-rc6. "
            "6.18.57 and 6.6.y were looked for and not found"
        ),
    ),
)

SOURCES: Final[dict[str, tuple[Evidence, ...]]] = {
    "dontunmap": (
        Evidence(COMMIT, Basis.CITED, 'by fixes: "Fixes: e346b3813067 ..."'),
        Evidence(RELEASE, Basis.MANUAL, "mremap(2): since Linux 5.7"),
        _measured(RELEASE, "5.4.286", "5.10.218", "art-collector-space-in-two"),
    ),
    "uffd-wp": (
        Evidence(COMMIT, Basis.CITED, 'by fixes: "Fixes: 63b2d4174c4a ..."'),
        Evidence(RELEASE, Basis.MANUAL, "userfaultfd(2): since Linux 5.7"),
        _measured(RELEASE, "", "5.10.218", "uffd-write-protected-first"),
    ),
    "special-mappings-whole": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees"),
        Evidence(
            RELEASE, Basis.LISTED, "among the memory management commits of December 2020, the merge window of 5.11"
        ),
        _measured(RELEASE, "5.10.262", "5.15.100", "special-mappings-whole"),
    ),
    "split-checked-first": (
        Evidence(COMMIT, Basis.CITED, 'by a mail on a failing test ("on recent kernels with commit 73d5e0629919")'),
        Evidence(
            RELEASE, Basis.LISTED, "among the memory management commits of December 2020, the merge window of 5.11"
        ),
    ),
    "dontunmap-overcommit": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees"),
        Evidence(
            RELEASE, Basis.LISTED, "among the memory management commits of December 2020, the merge window of 5.11"
        ),
    ),
    "dontunmap-any-mapping": (
        Evidence(COMMIT, Basis.CITED, "by the patch of the manual page mremap(2)"),
        Evidence(RELEASE, Basis.MANUAL, "mremap(2): since Linux 5.13"),
        _measured(RELEASE, "5.10.262", "5.15.100", "art-asks-for-dontunmap"),
    ),
    "dontunmap-unlinks-anon-vma": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees"),
        Evidence(RELEASE, Basis.LISTED, "among the memory management commits of April 2021, the merge window of 5.13"),
        _measured(RELEASE, "5.10.262", "5.15.100", "dontunmap-unlinks-anon-vma"),
    ),
    "madvise-populate": (
        Evidence(COMMIT, Basis.CITED, 'by fixes: "Fixes: 4ca9b3859dac ..."'),
        Evidence(RELEASE, Basis.MANUAL, "madvise(2): since Linux 5.14"),
        _measured(RELEASE, "", "5.15.100", "madvise-populate"),
    ),
    "lookup-first": (
        Evidence(COMMIT, Basis.CITED, 'by fixes: "Fixes: 550a7d60bd5e ..."'),
        Evidence(
            RELEASE,
            Basis.SOURCES,
            ("packaged sources of 5.15 lack it, those of 5.19 have it; a patch of the merge window of 5.16"),
        ),
        _measured(RELEASE, "5.15.100", "6.1.176", "destination-in-kernel-space"),
    ),
    "hugetlb-moves": (
        Evidence(COMMIT, Basis.CITED, 'by fixes: "Fixes: 550a7d60bd5e ..."'),
        Evidence(
            RELEASE,
            Basis.SOURCES,
            ("packaged sources of 5.15 lack it, those of 5.19 have it; a patch of the merge window of 5.16"),
        ),
        _measured(RELEASE, "5.15.100", "6.1.176", "huge-page-by-a-small-size"),
    ),
    "charge-at-move": (
        Evidence(COMMIT, Basis.CITED, 'by fixes: "Fixes: fdbef6149135 ..."'),
        Evidence(
            RELEASE,
            Basis.SOURCES,
            ("packaged sources of 5.15 lack it, those of 5.19 have it; a patch of the merge window of 5.16"),
        ),
    ),
    "anon-names": (
        Evidence(COMMIT, Basis.CITED, "by fixes and by the patch of a manual page"),
        Evidence(RELEASE, Basis.MANUAL, "proc_pid_maps(5): since Linux 5.17"),
    ),
    "dontneed-locked": (
        Evidence(COMMIT, Basis.CITED, "by mails on its origin, and by perf"),
        Evidence(RELEASE, Basis.LISTED, "among the memory management commits of March 2022, the merge window of 5.18"),
        _measured(RELEASE, "", "6.1.176", "dontneed-locked"),
    ),
    "efault-sign": (
        Evidence(COMMIT, Basis.REVIEWED, '"commit 7d1e64966162... upstream", review of 5.17.9'),
        Evidence(RELEASE, Basis.LISTED, "among the fixes of May 2022 that ended in 5.18-rc7"),
        _measured(RELEASE, "5.15.100", "6.1.176", "destination-in-kernel-space"),
        _listed_in_changelog("5.17.9"),
    ),
    "uffd-wp-shmem": (
        Evidence(COMMIT, Basis.CITED, 'by fixes: "Fixes: b1f9e876862d ..."'),
        Evidence(RELEASE, Basis.LISTED, "among the memory management commits of May 2022, the merge window of 5.19"),
        _measured(RELEASE, "", "6.1.176", "uffd-wp-shmem"),
    ),
    "maple-tree": (
        Evidence(COMMIT, Basis.CITED, 'by fixes: "Fixes: d4af56c5c7c6 ..."'),
        Evidence(RELEASE, Basis.LISTED, "with the series of the maple tree, in the merge window of 6.1"),
    ),
    "growth-merges": (
        Evidence(COMMIT, Basis.CITED, 'by fixes: "Fixes: ca3d76b0aa80 ..."'),
        Evidence(
            RELEASE,
            Basis.LISTED,
            ('right behind the maple tree, in the merge window of 6.1; its fixes speak of a "regression in 6.1"'),
        ),
        _measured(RELEASE, "5.15.100", "6.1.176", "grow-from-inside-up-to-a-neighbour"),
    ),
    "mmap-merges-behind-first": (
        Evidence(COMMIT, Basis.CITED, "by fixes and by stable backports of mmap_region()"),
        Evidence(RELEASE, Basis.LISTED, "as part of the maple tree, in the merge window of 6.1"),
        _measured(RELEASE, "5.15.100", "6.1.176", "mmap-merges-before-first"),
    ),
    "dontunmap-stays-alone": (
        Evidence(
            COMMIT,
            Basis.CHANGELOG,
            (
                "6.1.191 lists it under mainline's subject; the packaged sources of 6.1.192 do it another way "
                "than mainline"
            ),
        ),
        Evidence(
            RELEASE, Basis.CHANGELOG, "the changelog of the distribution's package lists it under ChangeLog-6.1.191"
        ),
        _measured(RELEASE, "6.1.176", "", "dontunmap-next-to-itself"),
        _listed_in_changelog("6.1.191"),
        _measured("6.1.191", "6.1.176", "6.1.192", "dontunmap-next-to-itself"),
    ),
    "growth-offset": (
        Evidence(COMMIT, Basis.REVIEWED, '"commit 6f12be792fde... upstream", review of 6.1.3'),
        Evidence(
            RELEASE,
            Basis.LISTED,
            ('in one log with the merge of "mm-hotfixes-stable-2022-12-22-14-34", three days before 6.2-rc1'),
        ),
        _measured(RELEASE, "5.15.100", "6.6.9", "grow-from-inside-up-to-a-neighbour"),
        _listed_in_changelog("6.1.3"),
        _measured("6.1.3", "", "6.1.176", "clickhouse-doubles-a-buffer"),
    ),
    "shared-anon-names": (
        Evidence(COMMIT, Basis.CITED, "by the manual page proc_pid_maps(5) and by fixes"),
        Evidence(RELEASE, Basis.MANUAL, "proc_pid_maps(5): since Linux 6.2"),
    ),
    "growth-with-close": (
        Evidence(COMMIT, Basis.CITED, "by the commit that reverts it, and by LTP"),
        Evidence(RELEASE, Basis.LISTED, "among the hotfixes that ended in 6.2-rc7"),
        _measured(RELEASE, "5.15.100", "", "grow-from-inside-up-to-a-neighbour"),
        _listed_in_changelog("6.1.11"),
        _measured("6.1.11", "", "6.1.176", "grow-sysv-shm"),
    ),
    "merge-shifts-file": (
        Evidence(COMMIT, Basis.CITED, '"upgrading to v6.3 ... bisected to commit 0503ea8f5ba7"'),
        Evidence(RELEASE, Basis.CITED, "the same mail: in 6.3, and not before"),
        _measured(RELEASE, "6.1.192", "", "merge-shifts-file"),
    ),
    "merge-keeps-file": (
        Evidence(COMMIT, Basis.CITED, "by LTP (mremap06)"),
        Evidence(
            RELEASE,
            Basis.CITED,
            ('"it\'s in my tree as commit 7e7757876f25 right now", 27 April 2023: the merge window of 6.4'),
        ),
        _measured(RELEASE, "", "6.6.9", "merge-shifts-file"),
        Evidence("6.3.1", Basis.REVIEWED, '"[PATCH 6.3 09/11]" of 28 April 2023, the review of 6.3.1'),
    ),
    "merge-with-close": (
        Evidence(COMMIT, Basis.CITED, "by fc0c8f9089c2, which mends it"),
        Evidence(
            RELEASE,
            Basis.INFERRED,
            ("patches of March 2023, so the merge window of 6.4. Looked for in logs of pushes and stable queues"),
        ),
        _measured(RELEASE, "6.1.192", "6.6.9", "merge-with-close"),
    ),
    "io-uring-placement": (
        Evidence(COMMIT, Basis.CITED, "by syzbot and by the reports of its bug on IA-64"),
        Evidence(RELEASE, Basis.CITED, 'broken since 6.4, say the reports ("Cc: stable # 6.4" of its fix)'),
        _measured(RELEASE, "5.15.100", "6.6.9", "io-uring-ring-moves"),
        Evidence(
            "6.1.51",
            Basis.REVIEWED,
            '"[PATCH 6.1 09/10]" of 31 August 2023, a backport of this commit and its fixes in one',
        ),
        _measured("6.1.51", "", "6.1.176", "io-uring-ring-moves"),
    ),
    "register-merges": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees, beside 270aa0106206"),
        Evidence(RELEASE, Basis.LISTED, "among the hotfixes that ended in 6.4-rc7"),
        _measured(RELEASE, "6.1.192", "6.6.9", "register-merges"),
    ),
    "secret-by-default": (
        Evidence(COMMIT, Basis.CITED, "by the manual page memfd_secret(2)"),
        Evidence(RELEASE, Basis.MANUAL, "memfd_secret(2): before Linux 6.5 it had to be enabled"),
        _measured(RELEASE, "", "6.6.9", "secret-by-default"),
    ),
    "mprotect-unaccounts": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees"),
        Evidence(
            RELEASE,
            Basis.SOURCES,
            (
                "a memory management commit of October 2023, the merge window of 6.7; recorded kernels on both "
                "sides agree"
            ),
        ),
        _measured(RELEASE, "6.6.9", "6.8", "mprotect-unaccounts"),
    ),
    "stack-without-huge-pages": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in lists of fixes for the page cache and huge pages"),
        Evidence(RELEASE, Basis.LISTED, "in pushes of February 2024 to a stable tree of 6.7, which lacks it so far"),
        Evidence("6.7.6", Basis.LISTED, "in pushes of February 2024 to the queue of that update"),
    ),
    "attached-stays-apart": (
        Evidence(COMMIT, Basis.REVIEWED, '"commit fc0c8f9089c2... upstream", review of 6.6.24; LTP shmat04'),
        Evidence(
            RELEASE,
            Basis.LISTED,
            ('in the push that ends with the merge of "mm-hotfixes-stable-2024-03-07-16-17", between 6.8-rc7 and 6.8'),
        ),
        Evidence("6.6.24", Basis.REVIEWED, '"[PATCH 6.6 206/396]" of 1 April 2024, the review of 6.6.24'),
        _listed_in_changelog("6.7.12"),
    ),
    "io-uring-pages": (
        Evidence(COMMIT, Basis.CITED, 'by fixes: "Fixes: 3ab1db3c6039 ..."'),
        Evidence(RELEASE, Basis.SOURCES, "a commit of the merge window of 6.10; recorded kernels on both sides agree"),
        _measured(RELEASE, "6.8", "6.11.11", "dontexpand-dontunmap"),
        _listed_in_changelog("6.1.132"),
        _measured("6.1.132", "", "6.1.176", "dontexpand-dontunmap"),
        Evidence("6.6.84", Basis.REVIEWED, '"[PATCH 6.6 095/166]" of 19 March 2025, the review of 6.6.84'),
        _measured("6.6.84", "6.6.9", "", "dontexpand-dontunmap"),
    ),
    "mseal": (
        Evidence(COMMIT, Basis.CITED, 'by fixes: "Fixes: 8be7258aad44 ..."'),
        Evidence(RELEASE, Basis.CITED, 'by fixes: "Cc: stable # 6.10.y"'),
        _measured(RELEASE, "", "6.11.11", "fex-guest-shrinks-with-a-seal"),
    ),
    "populate-stops-at-gaps": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees"),
        Evidence(RELEASE, Basis.LISTED, "among the memory management commits of the merge window of 6.10"),
    ),
    "droppable": (
        Evidence(COMMIT, Basis.CITED, 'by fixes: "Fixes: 9651fcedf7b9 ..."'),
        Evidence(
            RELEASE,
            Basis.INFERRED,
            "patches of July 2024, so the merge window of 6.11. Looked for in mmap(2), which does not have it yet",
        ),
        _measured(RELEASE, "", "6.11.11", "droppable"),
    ),
    "mmap-merges-before-first": (
        Evidence(COMMIT, Basis.CITED, 'by fixes: "Fixes: cacded5e42b9 ..."'),
        Evidence(RELEASE, Basis.SOURCES, "recorded 6.11.11 lacks it, 6.12.107 has it; a commit of the merge window"),
        _measured(RELEASE, "6.11.11", "6.12.43", "mmap-merges-before-first"),
    ),
    "mmap-tells-why": (
        Evidence(COMMIT, Basis.CITED, 'by fixes: "Fixes: f8d112a4e657 ..."'),
        Evidence(RELEASE, Basis.CITED, 'by the bisection "between v6.11 and v6.12-rc1"'),
    ),
    "mseal-per-mapping": (
        Evidence(COMMIT, Basis.CITED, 'by fixes: "Fixes: 38075679b5f1 ..."'),
        Evidence(RELEASE, Basis.CITED, "by the fixes of 6.12's candidates"),
        _measured(RELEASE, "6.11.11", "6.12.43", "fex-guest-shrinks-with-a-seal"),
    ),
    "guard-pages": (
        Evidence(COMMIT, Basis.CITED, 'by fixes: "Fixes: 662df3e5c376 ..."'),
        Evidence(RELEASE, Basis.MANUAL, "madvise(2): since Linux 6.13"),
        _measured(RELEASE, "", "6.13.7", "guard-dontunmap"),
    ),
    "guard-pages-in-files": (
        Evidence(COMMIT, Basis.CITED, '"since commit f807123d578d (...) which allowed file-backed guard regions"'),
        Evidence(RELEASE, Basis.LISTED, "in one log with 85ea6bdd88a2 and b714ccb02a76: the merge window of 6.15"),
        _measured(RELEASE, "", "6.16.3", "guard-pages-in-files"),
    ),
    "parameters-first": (
        Evidence(
            COMMIT,
            Basis.LISTED,
            ("with its subject, in logs of pushes to public trees, in five of them at its place in the series"),
        ),
        Evidence(
            RELEASE, Basis.LISTED, "with the whole series (85ea6bdd88a2 to 664dc4da2694), in the merge window of 6.15"
        ),
        _measured(RELEASE, "6.14.0", "6.16.3", "map-count-or-lookup"),
    ),
    "event-length": (
        Evidence(
            COMMIT,
            Basis.LISTED,
            ("with its subject, in logs of pushes to public trees, in five of them at its place in the series"),
        ),
        Evidence(
            RELEASE, Basis.LISTED, "with the whole series (85ea6bdd88a2 to 664dc4da2694), in the merge window of 6.15"
        ),
        _measured(RELEASE, "6.14.0", "6.16.3", "uffd-shrinking-move-events"),
    ),
    "dontunmap-unaccounts": (
        Evidence(COMMIT, Basis.CITED, "by 0e59f47c15ce, which mends another part of it"),
        Evidence(
            RELEASE, Basis.LISTED, "with the whole series (85ea6bdd88a2 to 664dc4da2694), in the merge window of 6.15"
        ),
        _measured(RELEASE, "6.14.0", "6.16.3", "dontunmap-hint-in-use"),
    ),
    "dontunmap-locks-twice": (
        Evidence(COMMIT, Basis.CITED, "by 0e59f47c15ce, which mends another part of it"),
        Evidence(
            RELEASE, Basis.LISTED, "with the whole series (85ea6bdd88a2 to 664dc4da2694), in the merge window of 6.15"
        ),
        _measured(RELEASE, "6.14.0", "6.16.3", "kselftest-dontunmap-06"),
    ),
    "shrink-overcharges": (
        Evidence(
            COMMIT,
            Basis.LISTED,
            ("with its subject, in logs of pushes to public trees, in five of them at its place in the series"),
        ),
        Evidence(
            RELEASE, Basis.LISTED, "with the whole series (85ea6bdd88a2 to 664dc4da2694), in the merge window of 6.15"
        ),
    ),
    "faulted-merges-unfaulted": (
        Evidence(COMMIT, Basis.CITED, 'by fixes: "Fixes: 879bca0a2c4f ..."'),
        Evidence(RELEASE, Basis.CITED, "by the advisory CVE-2026-23077: affected since 6.16"),
        _measured(RELEASE, "6.14.0", "6.16.3", "home-beside-a-fresh-neighbour"),
    ),
    "anon-inodes-not-executable": (
        Evidence(COMMIT, Basis.REVIEWED, '"commit 1ed95281c0c7... upstream", review of 6.15.4'),
        Evidence(RELEASE, Basis.SOURCES, "a commit of the merge window of 6.16 (recorded 6.14.0 lacks it)"),
        Evidence("6.15.4", Basis.REVIEWED, '"[PATCH 6.15 035/592]" of 23 June 2025, the review of 6.15.4'),
    ),
    "size-limit": (
        Evidence(COMMIT, Basis.CITED, 'by 78d2d32f0b78: "Fixes: 3215eaceca87"'),
        Evidence(RELEASE, Basis.LISTED, "with the whole series, in the merge window of 6.17"),
        _measured(RELEASE, "6.16.12", "6.17.8", "larger-than-user-space"),
    ),
    "unused-address-checked": (
        Evidence(COMMIT, Basis.CITED, 'by 78d2d32f0b78: "Fixes: 3215eaceca87"'),
        Evidence(RELEASE, Basis.LISTED, "with the whole series, in the merge window of 6.17"),
        _measured(RELEASE, "6.16.12", "", "destination-in-kernel-space"),
    ),
    "range-checks-first": (
        Evidence(COMMIT, Basis.CITED, 'by 78d2d32f0b78: "Fixes: 3215eaceca87"'),
        Evidence(RELEASE, Basis.LISTED, "with the whole series, in the merge window of 6.17"),
        _measured(RELEASE, "6.16.12", "6.17.8", "destination-in-kernel-space"),
    ),
    "dontunmap-rounds": (
        Evidence(COMMIT, Basis.CITED, 'by 78d2d32f0b78: "Fixes: 3215eaceca87"'),
        Evidence(RELEASE, Basis.LISTED, "with the whole series, in the merge window of 6.17"),
        _measured(RELEASE, "6.16.12", "6.17.8", "dontunmap-compares-pages"),
    ),
    "checks-before-unmapping": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees"),
        Evidence(RELEASE, Basis.LISTED, "with the whole series, in the merge window of 6.17"),
        _measured(RELEASE, "6.16.12", "6.17.8", "aio-ring-growth"),
    ),
    "multi-vma-move": (
        Evidence(COMMIT, Basis.CITED, "by the fixes of 6.17-rc3"),
        Evidence(RELEASE, Basis.LISTED, "with the whole series, in the merge window of 6.17"),
        _measured(RELEASE, "6.16.12", "6.17.8", "art-collector-space-in-two"),
    ),
    "droppable-unregistrable": (
        Evidence(
            COMMIT,
            Basis.LISTED,
            ("with its subject, in logs of pushes to public trees, in six of them between the same neighbours"),
        ),
        Evidence(RELEASE, Basis.LISTED, "in one log with 3215eaceca87: the merge window of 6.17"),
    ),
    "unregister-own-only": (
        Evidence(
            COMMIT,
            Basis.LISTED,
            ("with its subject, in logs of pushes to public trees, in six of them between the same neighbours"),
        ),
        Evidence(RELEASE, Basis.LISTED, "in one log with 3215eaceca87: the merge window of 6.17"),
    ),
    "seals-dev-zero": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees"),
        Evidence(RELEASE, Basis.LISTED, "with the series on mseal, in the merge window of 6.17"),
    ),
    "early-failure": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees"),
        Evidence(RELEASE, Basis.LISTED, "among the hotfixes that ended in 6.17-rc3"),
        _measured(RELEASE, "6.16.12", "6.17.8", "dev-zero-first"),
    ),
    "thp-multi-move": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees"),
        Evidence(RELEASE, Basis.LISTED, "among the hotfixes that ended in 6.17-rc3"),
        _measured(RELEASE, "6.16.12", "6.17.8", "file-first"),
    ),
    "unused-address-fix": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees"),
        Evidence(RELEASE, Basis.LISTED, "among the hotfixes that ended in 6.17-rc6"),
        _measured(RELEASE, "", "6.17.8", "garbage-fifth-argument"),
    ),
    "account-fix": (
        Evidence(COMMIT, Basis.REVIEWED, '"commit 0e59f47c15ce... upstream", review of 6.17.6'),
        Evidence(RELEASE, Basis.LISTED, "right behind the merge of vfio-v6.18-rc3"),
        _measured(RELEASE, "6.16.12", "6.18.5", "dontunmap-hint-in-use"),
        Evidence("6.17.6", Basis.REVIEWED, '"[PATCH 6.17 106/184]" of 27 October 2025, the review of 6.17.6'),
        _measured("6.17.6", "", "6.17.8", "art-collector-space-in-two"),
    ),
    "guard-flag": (
        Evidence(
            COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees, with the series on sticky flags"
        ),
        Evidence(RELEASE, Basis.CITED, "by the backport for 6.18.y, made because 6.18 lacks it and 6.19 has it"),
        _measured(RELEASE, "6.18.22-alpine", "6.19.6", "guard-dontunmap"),
        Evidence("6.18.37", Basis.ANNOUNCED, '"I\'m announcing the release of the 6.18.37 kernel", 27 June 2026'),
        _measured("6.18.37", "6.18.22-alpine", "6.18.38-alpine", "guard-dontunmap"),
    ),
    "forked-stays-apart": (
        Evidence(COMMIT, Basis.CITED, "by the advisory CVE-2026-23077"),
        Evidence(RELEASE, Basis.LISTED, "among the hotfixes of January 2026 that ended in 6.19-rc7"),
        _measured(RELEASE, "6.18.5", "6.19.6", "home-beside-a-fresh-neighbour-and-on"),
        Evidence("6.18.8", Basis.REVIEWED, '"[PATCH 6.18 226/227]" of 28 January 2026, the review of 6.18.8'),
        _measured("6.18.8", "6.18.5", "6.18.9", "home-beside-a-fresh-neighbour-and-on"),
    ),
    "map-count-of-every-call": (
        Evidence(
            COMMIT,
            Basis.LISTED,
            (
                "with its subject, in logs of pushes to public trees, in four of them together with d239462787b0,"
                " which stable mails call upstream"
            ),
        ),
        Evidence(RELEASE, Basis.LISTED, "the same logs: the merge window of 7.1"),
        _measured(RELEASE, "7.0.13", "7.1.3", "map-count-dontunmap"),
    ),
    "aio-not-inherited": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees"),
        Evidence(
            RELEASE,
            Basis.LISTED,
            (
                "among the fixes of April 2026 that stable queues looked at on 28 April, two days after 7.1-rc1; "
                "no update up to 5.10.262, 6.1.192, 6.12.118 and 7.2.13 lists it"
            ),
        ),
        _measured(RELEASE, "7.0.13", "7.1.3", "aio-ring-growth"),
    ),
    "aio-moves-whole": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees"),
        Evidence(
            RELEASE,
            Basis.LISTED,
            "beside c03ce4173c7b; no update up to 5.10.262, 6.1.192, 6.12.118 and 7.2.13 lists it",
        ),
        _measured(RELEASE, "7.0.13", "7.1.3", "aio-ring-in-parts"),
    ),
    "vvar-of-pages": (
        Evidence(
            COMMIT, Basis.CITED, 'by mails on powerpc: "the generic vDSO datastore rework in commit 05988dba1179"'
        ),
        Evidence(
            RELEASE,
            Basis.SOURCES,
            ("recorded 7.0.13 lacks it (though a mail says v7.0), 7.1.13 has it; a commit of the merge window"),
        ),
        _measured(RELEASE, "7.0.13", "7.1.3", "criu-moves-vvar-then-vdso"),
    ),
    "anon-page-numbers": (
        Evidence(
            COMMIT,
            Basis.LISTED,
            ("with its subject, in logs of pushes to public trees, in eight of them at its place in the series"),
        ),
        Evidence(
            RELEASE,
            Basis.SOURCES,
            ("packaged sources of 7.2.13 lack it, those of 7.3-rc7 have it; a commit of the merge window"),
        ),
        _measured(RELEASE, "7.2.13", "7.3-rc7", "private-file-halves"),
    ),
    "vvar-is-memory": (
        Evidence(
            COMMIT,
            Basis.LISTED,
            ("with its subject, in logs of pushes to public trees, in seven of them at its place in the series"),
        ),
        Evidence(
            RELEASE,
            Basis.SOURCES,
            ("packaged sources of 7.2.13 lack it, those of 7.3-rc7 have it; a commit of the merge window"),
        ),
        _measured(RELEASE, "7.2.13", "7.3-rc7", "criu-moves-vvar-then-vdso"),
    ),
    "register-keeps-wp": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees"),
        Evidence(
            RELEASE,
            Basis.LISTED,
            (
                'in the log of the push that ends with the merge of "mm-stable-2026-08-18-18-39", the merge '
                "window of 7.3"
            ),
        ),
    ),
    "dontunmap-resets-offset": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees, beside 97d34aa65c29"),
        Evidence(RELEASE, Basis.LISTED, "before the merges of 7.3-rc2; packaged sources of 7.3-rc7 have it"),
        _measured(RELEASE, "7.1.13", "7.3-rc7", "dontunmap-source-offset"),
        Evidence(
            "5.15.223",
            Basis.QUEUED,
            (
                "the stable queue of 6 October 2026 has it for 5.15.y, after 5.15.222; the update itself was "
                "looked for and not found"
            ),
        ),
        _measured("5.15.223", "5.15.100", "", "dontunmap-source-offset"),
        _listed_in_changelog("6.1.191"),
        _measured("6.1.191", "6.1.176", "6.1.192", "dontunmap-source-offset"),
        Evidence("6.6.159", Basis.QUEUED, 'the log of the push that ends with "Linux 6.6.159-rc1" lists it'),
        _measured("6.6.159", "6.6.9", "", "dontunmap-source-offset"),
        _listed_in_changelog("6.12.112"),
        _measured("6.12.112", "6.12.107", "6.12.118", "dontunmap-source-offset"),
        Evidence(
            "6.18.52",
            Basis.INFERRED,
            (
                "the logs of the pushes of 6.18.50, .51, .54, .55 and of 6.18.56-rc1 do not list it, and 7.2.6 "
                "came out beside .52; the log of .52 was looked for and not found"
            ),
        ),
        _measured("6.18.52", "6.18.38-alpine", "6.18.56-alpine", "dontunmap-source-offset"),
        Evidence(
            "7.2.6",
            Basis.SOURCES,
            ("packaged sources of 7.2.6 have it; the logs of the pushes of 7.2.4 and 7.2.5 do not list it"),
        ),
        _measured("7.2.6", "", "7.2.6", "dontunmap-source-offset"),
    ),
    "secret-unlocked": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees, beside 35b0fb391b0d"),
        Evidence(RELEASE, Basis.LISTED, "before the merges of 7.3-rc2; packaged sources of 7.3-rc7 have it"),
        _measured(RELEASE, "7.1.13", "7.3-rc7", "secret-by-default"),
        _listed_in_changelog("6.1.191"),
        _measured("6.1.191", "6.1.176", "6.1.192", "secret-by-default"),
        Evidence("6.6.159", Basis.QUEUED, 'the log of the push that ends with "Linux 6.6.159-rc1" lists it'),
        _measured("6.6.159", "6.6.9", "", "secret-by-default"),
        _listed_in_changelog("6.12.113"),
        _measured("6.12.113", "6.12.107", "6.12.118", "secret-by-default"),
        Evidence(
            "6.18.53",
            Basis.INFERRED,
            (
                "the logs of the pushes of 6.18.50, .51, .54, .55 and of 6.18.56-rc1 do not list it: it came with"
                " .52 or .53, whose logs were looked for and not found"
            ),
        ),
        _measured("6.18.53", "6.18.38-alpine", "6.18.56-alpine", "secret-by-default"),
        Evidence("7.2.5", Basis.LISTED, 'in the log of the push that ends with "Linux 7.2.5"'),
        _measured("7.2.5", "", "7.2.6", "secret-by-default"),
    ),
    "dontunmap-locks-once": (
        Evidence(COMMIT, Basis.LISTED, "with its subject, in logs of pushes to public trees"),
        Evidence(
            RELEASE,
            Basis.LISTED,
            (
                'in the log of linux-next of 15 September 2026, between "mm-hotfixes-stable-2026-09-13-21-50" and'
                ' "9p-for-7.3-rc4"'
            ),
        ),
        _measured(RELEASE, "7.2.6", "7.3-rc7", "kselftest-dontunmap-06"),
        Evidence("6.18.54", Basis.LISTED, 'in the log of a push that ends with "Linux 6.18.54"'),
        _measured("6.18.54", "6.18.38-alpine", "6.18.56-alpine", "kselftest-dontunmap-06"),
        _listed_in_changelog("7.2.8"),
        _measured("7.2.8", "7.2.6", "7.2.9", "kselftest-dontunmap-06"),
    ),
    "dontunmap-splits-locked": (
        *_LATE_HOTFIX,
        _measured(RELEASE, "7.2.9", "7.3-rc7", "kselftest-dontunmap-07"),
        _listed_in_changelog("6.1.191"),
        _measured("6.1.191", "6.1.176", "6.1.192", "kselftest-dontunmap-07"),
        _listed_in_changelog("6.12.114"),
        _measured("6.12.114", "6.12.107", "6.12.118", "kselftest-dontunmap-07"),
        _listed_in_changelog("7.2.11"),
        _measured("7.2.11", "7.2.9", "7.2.11", "kselftest-dontunmap-07"),
    ),
    "dontunmap-stays-apart": (
        *_LATE_HOTFIX,
        _measured(RELEASE, "7.2.9", "7.3-rc7", "dontunmap-next-to-itself"),
        _listed_in_changelog("6.12.114"),
        _measured("6.12.114", "6.12.107", "6.12.118", "dontunmap-next-to-itself"),
        _listed_in_changelog("7.2.11"),
        _measured("7.2.11", "7.2.9", "7.2.11", "dontunmap-next-to-itself"),
    ),
    "shrink-charges-right": (
        Evidence(
            COMMIT,
            Basis.INFERRED,
            (
                "no log, mail or queue that is stored lists the subject (they end in October 2026); it is 7.3.4's"
                " in the changelog of the distribution's package"
            ),
        ),
        Evidence(
            RELEASE,
            Basis.INFERRED,
            ("packaged sources of 7.3-rc7 lack it and 7.3.4 took it from mainline: the first candidates after 7.3"),
        ),
        _listed_in_changelog("7.3.4"),
    ),
    "uffd-copy-stays-apart": (
        Evidence(
            COMMIT,
            Basis.INFERRED,
            (
                "no log, mail or queue that is stored lists the subject (they end in October 2026); it is "
                "6.12.118's and 7.3.4's in the changelogs of the distribution's packages"
            ),
        ),
        Evidence(
            RELEASE,
            Basis.INFERRED,
            ("packaged sources of 7.3-rc7 lack it and 7.3.4 took it from mainline: the first candidates after 7.3"),
        ),
        _measured(RELEASE, "7.3-rc7", "", "uffd-merges-then-disarms"),
        _listed_in_changelog("6.12.118"),
        _measured("6.12.118", "6.12.107", "6.12.118", "uffd-merges-then-disarms"),
        _listed_in_changelog("7.3.4"),
        _measured("7.3.4", "7.3-rc7", "7.3.4", "uffd-merges-then-disarms"),
    ),
}


def evidence_of(change: Change) -> tuple[Evidence, ...]:
    """Return what is known of a change's facts, in the order commit, release, stable updates."""
    return SOURCES[change.id]


def is_certain(change: Change, fact: str) -> bool:
    """Tell whether any evidence proves a fact of the change."""
    return any(piece.basis.certain for piece in evidence_of(change) if piece.fact == fact)
