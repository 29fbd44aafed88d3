"""Get real kernels from Debian: the small "cloud" builds, which boot fast and have the drivers we need built in."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.base.progress import Line
from mremapcheck.executors.vm.foreign_interpreter import fetch_interpreter
from mremapcheck.executors.vm.images import cache, known
from mremapcheck.executors.vm.images.apt import Apt, AptError, Package
from mremapcheck.executors.vm.images.apt_process import complaints, give_up
from mremapcheck.executors.vm.images.image import open_image
from mremapcheck.executors.vm.images.known import KnownKernel
from mremapcheck.linux.platforms import USUAL, machine
from mremapcheck.linux.platforms.platform import Platform
from mremapcheck.linux.versions.reference import split
from mremapcheck.linux.versions.version import KernelVersion

#: Up to 6.18 the image is in linux-image-*; later ones only depend on linux-binary-*, which has it. What follows is the
#: flavour, which a platform knows, and nothing between that could be another flavour's name.
_PATTERN = r"^linux-(image|binary)-[0-9.]+([+-][0-9a-z.+]*[0-9][0-9a-z.+]*)*-{}$"
#: Lists of packages are good for so many seconds.
_FRESH = 6 * 3600.0
_TICK = 0.2


@dataclass(frozen=True, slots=True)
class FetchedKernel:
    """A kernel that was got, or that was here already."""

    known: KnownKernel
    new: bool


def fetch(wanted: Iterable[str], again: bool = False) -> Iterator[FetchedKernel]:
    """Get the newest kernel of each version in ``wanted`` (``6.17``: of all 6.17.y) and yield it when it is here.

    A version may name a platform (``6.17@arm64``). ``again`` gets new lists of packages first. Raises MremapcheckError:
    no apt, no mirror, no such kernel.
    """
    versions: dict[Platform, dict[str, KernelVersion]] = {}
    for text in wanted:
        version, platform = split(text)
        versions.setdefault(platform or USUAL, {})[text] = KernelVersion.parse(version)
    line = Line("kernels fetch")
    try:
        for platform, of_it in versions.items():
            if platform.kernels is None:
                raise AptError(f"Debian has no kernels for {platform.name}", "`kernels add PATH` takes one of yours")
            apt = Apt(platform.distribution)
            with apt.alone(lambda: line.say("waiting for another mremapcheck that fetches kernels")):
                apt.check_room()
                pattern = _PATTERN.format(re.escape(platform.kernels))
                for package in _choose(apt, line, pattern, of_it, again):
                    yield _fetch(apt, package, line)
            if platform.machine != machine():
                fetch_interpreter(platform)  # without which its kernels cannot be booted
    finally:
        line.clear()


def _choose(apt: Apt, line: Line, pattern: str, versions: dict[str, KernelVersion], again: bool) -> list[Package]:
    """Return the packages of these versions; raise AptError, which names what there is, where one is missing."""
    fresh = apt.is_fresh(_FRESH) and not again
    for update in (False, True) if fresh else (True,):  # what is missing may have come since
        packages = _packages(apt, line, pattern, update)
        chosen = {text: _newest(packages, version) for text, version in versions.items()}
        if all(chosen.values()):
            break
    missing = [text for text, package in chosen.items() if package is None]
    if missing:
        hint = _what_there_is(packages, [versions[text] for text in missing])
        hint += f"\n  looked in Debian's {', '.join(apt.suites())}"
        if troubles := apt.troubles():
            hint += f"\n  lists that could not be got:\n        {troubles}"
        raise AptError(f"there is no kernel {', '.join(missing)} to fetch", hint)
    return list(filter(None, chosen.values()))


def _what_there_is(there: Iterable[KernelVersion], wanted: Iterable[KernelVersion]) -> str:
    """Say which versions there are: one by one in the series that are wanted, of others just the series."""
    series: dict[tuple[int, int], list[str]] = {}
    for version in sorted(there):
        series.setdefault(version.series, []).append(str(version))
    parts = [
        f"of {major}.{minor} there are {', '.join(series.pop((major, minor)))}"
        for major, minor in sorted({version.series for version in wanted} & series.keys())
    ]
    if series:
        parts.append(f"there are {', '.join(f'{major}.{minor}' for major, minor in series)}")
    return "; ".join(parts) or "there are none at all"


def _packages(apt: Apt, line: Line, pattern: str, update: bool) -> dict[KernelVersion, Package]:
    """Return version -> package that holds its image, with new lists of packages or those that there are."""
    if update:
        line.say("getting lists of packages")
        apt.update(line.tick)
    line.say("looking for kernels")
    with line.ticking():
        packages = apt.packages(pattern)
    found: dict[KernelVersion, Package] = {}
    for package in sorted(packages, key=lambda package: package.name.startswith("linux-binary")):
        try:
            version = KernelVersion.parse(package.version)
        except MremapcheckError:
            continue
        other = found.get(version)
        # The same version may have been built for several suites: `1~deb11u1` for an older one than plain `1`.
        if other is None or _order(package) >= _order(other):
            found[version] = package
    return found


def _order(package: Package) -> tuple[object, ...]:
    revision, older, suite = package.version.rpartition("-")[2].partition("~")
    return package.name.startswith("linux-binary"), _numbers(revision), not older, _numbers(suite)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall("[0-9]+", text)]


def _newest(packages: dict[KernelVersion, Package], wanted: KernelVersion) -> Package | None:
    fitting = [version for version in packages if wanted.means(version)]
    return packages[max(fitting)] if fitting else None


def _fetch(apt: Apt, package: Package, line: Line) -> FetchedKernel:
    origin = f"{package.name} {package.version}"
    for each in known.all_known():
        if each.origin == origin:
            return FetchedKernel(each, False)
    folder = cache.writable("downloads", f"{package.name}_{package.version}")
    archive = _download(apt, package, folder, line)
    line.say(f"unpacking {package.name}")
    with line.ticking():
        kernel = known.add(open_image(archive), origin=origin)
    for old in folder.parent.glob(f"{package.name}_*"):
        shutil.rmtree(old)
    return FetchedKernel(kernel, True)


def _download(apt: Apt, package: Package, folder: Path, line: Line) -> Path:
    """Get a package into the folder, and return its file."""
    file = folder / "package.deb"
    process = apt.start_download(package, file)
    whole = package.size / 1e6
    try:
        while True:
            try:
                _, errors = process.communicate(timeout=_TICK)
                break
            except subprocess.TimeoutExpired:
                done = file.stat().st_size / 1e6 if file.exists() else 0.0
                line.say(f"{package.name}: {done:.1f} of {whole:.1f} MB")
    except BaseException:
        give_up(process)
        raise
    if process.returncode != 0 or not file.exists():
        reason = "; ".join(complaints(errors)) or errors.strip()
        raise AptError(f"{package.name} could not be downloaded: {reason}", "what came is kept: again?")
    return file
