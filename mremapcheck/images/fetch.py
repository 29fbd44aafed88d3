"""Get real kernels from Debian: the small "cloud" builds, which boot fast and have the drivers we need built in."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mremapcheck.errors import MremapcheckError
from mremapcheck.images import cache, known
from mremapcheck.images.apt import Apt, AptError, Package
from mremapcheck.images.image import open_image
from mremapcheck.images.known import Known
from mremapcheck.kernels.version import KernelVersion
from mremapcheck.progress import Line

#: Up to 6.18 the image is in linux-image-*; later ones only depend on linux-binary-*, which has it.
_PATTERN = r"^linux-(image|binary)-[0-9.]+[0-9a-z.+-]*-cloud-amd64$"
_MEMBER = re.compile(r"linux-(image|binary)-(.*)$")
#: Lists of packages are good for so many seconds.
_FRESH = 6 * 3600.0
_TICK = 0.2


@dataclass(frozen=True, slots=True)
class Fetched:
    """A kernel that was got, or that was here already."""

    known: Known
    new: bool


def fetch(wanted: Iterable[str], again: bool = False) -> Iterator[Fetched]:
    """Get the newest kernel of each version in ``wanted`` (``6.17``: of all 6.17.y) and yield it when it is here.

    ``again`` gets new lists of packages first. Raises MremapcheckError: no apt, no mirror, no such kernel.
    """
    versions = {text: KernelVersion.parse(text) for text in wanted}
    apt = Apt()
    line = Line("kernels fetch")
    try:
        packages = _packages(apt, line, again)
        chosen = {text: _newest(packages, version, text) for text, version in versions.items()}
        if not all(chosen.values()) and not again and apt.is_fresh(_FRESH):
            packages = _packages(apt, line, True)
            chosen = {text: _newest(packages, version, text) for text, version in versions.items()}
        missing = [text for text, package in chosen.items() if package is None]
        if missing:
            have = ", ".join(f"{major}.{minor}" for major, minor in sorted({each.series for each in packages}))
            raise AptError(f"there is no kernel {', '.join(missing)} to fetch", f"there are stable updates of {have}")
        for package in filter(None, chosen.values()):
            yield _fetch(apt, package, line)
    finally:
        line.clear()


def _packages(apt: Apt, line: Line, again: bool) -> dict[KernelVersion, Package]:
    """Return version -> package that holds its image."""
    if again or not apt.is_fresh(_FRESH):
        line.say("getting lists of packages")
        with line.ticking():
            apt.update()
    line.say("looking for kernels")
    with line.ticking():
        packages = apt.packages(_PATTERN)
    found: dict[KernelVersion, Package] = {}
    for package in sorted(packages, key=lambda package: package.name.startswith("linux-binary")):
        try:
            version = KernelVersion.parse(package.version)
        except MremapcheckError:
            continue
        other = found.get(version)
        # The same version may have been built for several suites; the last one in order is as good as any.
        if other is None or _kind(package) >= _kind(other):
            found[version] = package
    return found


def _kind(package: Package) -> tuple[bool, str]:
    return package.name.startswith("linux-binary"), package.version


def _newest(packages: dict[KernelVersion, Package], wanted: KernelVersion, text: str) -> Package | None:
    series = text.removeprefix("v").count(".") == 1 and wanted.rc is None
    fitting = [each for each in packages if (each.series == wanted.series if series else each == wanted)]
    return packages[max(fitting)] if fitting else None


def _fetch(apt: Apt, package: Package, line: Line) -> Fetched:
    origin = f"{package.name} {package.version}"
    for each in known.all_known():
        if each.origin == origin:
            return Fetched(each, False)
    folder = cache.writable("downloads", package.name)
    _download(apt, package, folder, line)
    line.say(f"unpacking {package.name}")
    archive = next(folder.glob("*.deb"))
    with line.ticking():
        kernel = known.add(open_image(archive), origin=origin)
    archive.unlink()
    folder.rmdir()
    return Fetched(kernel, True)


def _download(apt: Apt, package: Package, folder: Path, line: Line) -> None:
    process = apt.start_download(package, folder)
    whole = package.size / 1e6
    try:
        while True:
            try:
                _, errors = process.communicate(timeout=_TICK)
                break
            except subprocess.TimeoutExpired:
                done = sum(file.stat().st_size for file in folder.glob("*.deb")) / 1e6
                line.say(f"{package.name}: {done:.1f} of {whole:.1f} MB")
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.returncode != 0 or not any(folder.glob("*.deb")):
        reason = "; ".join(text.partition(": ")[2] for text in errors.splitlines() if text.startswith("E: "))
        raise AptError(
            f"{package.name} could not be downloaded: {reason or errors.strip()}", "what came is kept: again?"
        )
