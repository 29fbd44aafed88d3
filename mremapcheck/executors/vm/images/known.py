"""The kernels that are known by name: kept below the cache folder, and what is remembered of each.

::

    ~/.cache/mremapcheck/kernels/NAME/kernel        the image
                                      image.json    its release, where it is from
    ~/.cache/mremapcheck/boots/DIGEST.json          whether and how an image has booted, wherever it lies
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mremapcheck.base.documents import read_document
from mremapcheck.base.errors import FileError, KernelReferenceError, MremapcheckError
from mremapcheck.base.paths import is_there
from mremapcheck.base.text import shell
from mremapcheck.base.whole_file import write_whole
from mremapcheck.executors.vm.images import cache
from mremapcheck.executors.vm.images.image import Image, ImageError
from mremapcheck.linux.platforms import PLATFORMS, USUAL
from mremapcheck.linux.platforms.platform import Platform
from mremapcheck.linux.versions.reference import split
from mremapcheck.linux.versions.version import KernelVersion

_FILE, _FACTS = "kernel", "image.json"
#: The reference that stands for every known kernel.
ALL = "all"


@dataclass(frozen=True, slots=True)
class KnownKernel:
    """A kernel kept in the cache; ``origin`` is the file, package or tree that it was copied from."""

    name: str
    folder: Path
    kind: str
    release: str
    banner: str
    origin: str
    digest: str
    platform: Platform = USUAL

    @property
    def path(self) -> Path:
        """The image."""
        return self.folder / _FILE

    @property
    def version(self) -> KernelVersion:
        """Its version, as ``Image.version``."""
        return KernelVersion.of_build(self.release, self.banner)

    def open(self) -> Image:
        """Read it; raise ImageError where the cache is broken."""
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise ImageError(
                f"the known kernel {self.name} cannot be read: {error.strerror}",
                f"`mremapcheck kernels remove {shell.word(self.name)}`, then add or fetch it again",
            ) from None
        return Image(self.kind, data, self.origin, self.release, self.banner, self.platform)


def all_known() -> list[KnownKernel]:
    """Return the known kernels, oldest version first."""
    found = []
    place = cache.folder("kernels")
    for facts in place.glob(f"*/{_FACTS}"):
        try:
            known = _read(facts)
            known.version  # noqa: B018
        except (OSError, FileError, KernelReferenceError, KeyError):
            continue  # half a folder: ``add`` replaces it
        found.append(known)
    return sorted(found, key=lambda known: (known.version, known.name))


def find(text: str) -> KnownKernel | None:
    """Return the kernel of this name, or the newest known one of this version (``6.17``: of all 6.17.y), or None.

    A version means the usual platform where it names none (``6.17@arm64``), a name whichever the kernel has. Raises
    KernelReferenceError for a platform that there is not.
    """
    text, platform = split(text)
    known = [each for each in all_known() if platform in (None, each.platform)]
    for each in known:
        if text in (each.name, each.release):
            return each
    try:
        wanted = KernelVersion.parse(text)
    except KernelReferenceError:
        return None
    if wanted.names_build:
        return None  # it is another one of that version
    fitting = [each for each in known if wanted.means(each.version) and _is_plain(each)]
    fitting = [each for each in fitting if each.platform is (platform or USUAL)]
    return fitting[-1] if fitting else None


def get(name: str) -> KnownKernel:
    """Return the kernel of this name or version; raise KernelReferenceError that says what there is."""
    known = find(name)
    if known is not None:
        return known
    names = ", ".join(each.name for each in all_known())
    raise KernelReferenceError(
        f"no kernel `{name}` is known",
        f"known: {names}" if names else "`mremapcheck kernels fetch 6.12 6.17` gets some",
    )


def resolve(text: str) -> Image:
    """Return the kernel that ``vm:TEXT`` names: a known one by name or version, else whatever lies at that path.

    Raises KernelReferenceError, ImageError or PackageError.
    """
    from mremapcheck.executors.vm.images.image import open_image

    if text == ALL:
        raise KernelReferenceError(
            "`vm:all` names every known kernel, and this takes one", "name one: `mremapcheck kernels` lists them"
        )
    path = Path(text).expanduser()
    if "/" not in text:
        known = find(text)
        if known is not None:
            return known.open()
        if not is_there(path):
            raise _unknown(text)
    if is_there(path):
        return open_image(path)
    place, platform = split(text)
    image = open_image(Path(place).expanduser())
    if platform not in (None, image.platform):
        raise KernelReferenceError(f"`vm:{text}`: this is a kernel for {image.platform.name}", f"`vm:{place}`")
    return image


def expand(references: list[str]) -> list[str]:
    """Return the kernel references with ``vm:all`` replaced by one for each known kernel, oldest first.

    ``vm:all@arm64`` are those of a platform. Raises KernelReferenceError where it stands for nothing.
    """
    expanded = []
    for reference in references:
        if reference.partition("@")[0] != f"vm:{ALL}":
            expanded.append(reference)
            continue
        platform = split(reference)[1]
        known = [each for each in all_known() if platform in (None, each.platform)]
        if not known:
            raise KernelReferenceError(
                f"`{reference}`: no kernel is known", "`mremapcheck kernels fetch 6.12 6.17` gets some"
            )
        expanded += [f"vm:{each.name}" for each in known]
    return expanded


def add(image: Image, name: str = "", origin: str = "") -> KnownKernel:
    """Keep a copy of ``image`` under ``name`` (its release if empty), replacing what had that name before.

    Raises ExecutorError where the cache cannot be written, MremapcheckError for a name that cannot be a file's.
    """
    name = name or image.release
    if name == ALL or not name.replace("-", "").replace(".", "").replace("_", "").replace("+", "").isalnum():
        raise MremapcheckError(f"`{name}` cannot be a kernel's name", "letters, digits and any of -._+")
    folder = cache.writable("kernels", name)
    origin = origin or image.origin
    known = KnownKernel(name, folder, image.kind, image.release, image.banner, origin, digest_of(image), image.platform)
    facts = {"kind", "release", "banner", "origin", "digest"}
    told = {fact: getattr(known, fact) for fact in sorted(facts)} | {"platform": known.platform.name}
    text = json.dumps(told, indent=1)
    with cache.writing(folder):
        write_whole(known.path, image.data)
        write_whole(folder / _FACTS, text.encode())
    return known


def remove(name: str) -> KnownKernel:
    """Forget a kernel; raise KernelReferenceError where there is none, ExecutorError where it may not be removed."""
    known = get(name)
    with cache.writing(known.folder):
        shutil.rmtree(known.folder)
        (_boots() / f"{known.digest}.json").unlink(missing_ok=True)
    return known


def digest_of(image: Image) -> str:
    """Return what tells this image from every other."""
    return hashlib.sha256(image.data).hexdigest()[:32]


def boot_of(digest: str) -> Mapping[str, Any]:
    """Return what is remembered of an image's boots: ``profile``, ``accelerator``, ``seconds``; empty: none."""
    try:
        return read_document(_boots() / f"{digest}.json", "cache/boot", "what is remembered of a boot")
    except (OSError, FileError):
        return {}


def remember_boot(digest: str, facts: Mapping[str, Any]) -> None:
    """Remember how an image booted; where the cache cannot be written it is not remembered."""
    try:
        _boots().mkdir(parents=True, exist_ok=True)
        write_whole(_boots() / f"{digest}.json", json.dumps(dict(facts)).encode())
    except OSError:
        return


def _boots() -> Path:
    return cache.folder("boots")


def _read(facts: Path) -> KnownKernel:
    data = read_document(facts, "cache/kernel", "what is remembered of a kernel")
    folder = facts.parent
    platform = PLATFORMS[data.get("platform", USUAL.name)]
    kind, release, banner, origin, digest = (data[key] for key in ("kind", "release", "banner", "origin", "digest"))
    return KnownKernel(folder.name, folder, kind, release, banner, origin, digest, platform)


def _is_plain(known: KnownKernel) -> bool:
    """Tell whether a version may mean this kernel: one with a name of its own is meant only by that."""
    return known.name == known.release


def _unknown(text: str) -> KernelReferenceError:
    hint = "`mremapcheck kernels add PATH` takes one of yours"
    try:
        version, platform = split(text)
        KernelVersion.parse(version)
    except KernelReferenceError:
        hint = "`mremapcheck kernels` lists the known ones; a path is taken as it is: vm:./FILE"
    else:
        if (platform or USUAL).kernels is None:
            hint += f"; Debian has none for {(platform or USUAL).name}"
        else:
            hint = f"`mremapcheck kernels fetch {shell.word(text)}` gets it where Debian has it, {hint}"
    return KernelReferenceError(f"`vm:{text}`: there is neither a known kernel nor a file of that name", hint)
