"""The guest's initramfs: this interpreter, the needed part of its library, and mremapcheck, ready to run.

Nothing in it is compressed, and modules are compiled: under emulation every instruction counts. It is built once for
each version of the code and the interpreter, and kept in the user's cache folder.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import marshal
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mremapcheck.base.documents import read_document
from mremapcheck.base.errors import FileError
from mremapcheck.base.whole_file import write_whole
from mremapcheck.executors.vm import cpio, ext2, guest_setup, interpreter
from mremapcheck.executors.vm.cpio import Archive
from mremapcheck.executors.vm.foreign_interpreter import take_foreign_apart
from mremapcheck.executors.vm.images import cache, elf
from mremapcheck.executors.vm.interpreter import InterpreterParts, Module, executable, package_folder, take_apart
from mremapcheck.linux.platforms import USUAL, machine
from mremapcheck.linux.platforms.platform import Platform

#: What the guest runs, and what it imports only when it needs it; with all that these import.
PROGRAM = "mremapcheck.executors.vm.guest"
_LATER = ("encodings.ascii", "encodings.latin_1", "socket", "termios", "traceback")
_START = "/start.py"
#: What the image is built by, which its cache must not outlive either.
_BUILDERS = tuple(Path(file) for file in (__file__, cpio.__file__, elf.__file__, ext2.__file__, interpreter.__file__))
_HOME = "/opt/mremapcheck"


@dataclass(frozen=True, slots=True)
class GuestImage:
    """An initramfs, and what the kernel's command line must say so that it starts."""

    data: bytes
    init: str
    environment: tuple[str, ...]
    start: str = f"{_START}c"

    @property
    def arguments(self) -> str:
        """The end of the kernel's command line."""
        return " ".join([f"rdinit={self.init}", *self.environment, "--", "-S", "-s", "-B", self.start])


def guest_image(platform: Platform = USUAL) -> GuestImage:
    """Return the guest image for the running code and a platform's interpreter, from the cache if it is there.

    On its own architecture that is the one that runs here. Raises MremapcheckError where it cannot be packed, or got.
    """
    foreign = platform.machine != machine()
    manifest = _manifest_path(platform.distribution if foreign else "")
    kept = _load(manifest)
    if kept is not None:
        return kept
    names = [PROGRAM, *_LATER]
    parts = take_foreign_apart(names, platform) if foreign else take_apart(names)
    image = _build(parts)
    _keep(manifest, image, parts)
    return image


def _build(parts: InterpreterParts) -> GuestImage:
    archive = Archive()
    archive.device("/dev/console", 5, 1)
    archive.device("/dev/null", 1, 3, 0o666)
    archive.device("/dev/urandom", 1, 9, 0o666)  # the interpreter wants random numbers before /dev is mounted
    for name in ("/proc", "/sys", "/tmp"):
        archive.folder(name)
    archive.file(str(parts.executable), elf.loadable_part(parts.source(parts.executable).read_bytes()), 0o755)
    for path in parts.objects:
        archive.file(str(path), elf.loadable_part(parts.source(path).read_bytes()), 0o755)
    for module in parts.modules:
        place = _place(module)
        if parts.same:
            archive.file(str(place.with_suffix(".pyc")), _compile(module, parts))
        else:
            archive.file(str(place), _text(module, parts))
        if module.name == "os":
            archive.folder(str(place.parent / "lib-dynload"))  # the interpreter looks for it to find its own library
    start = f"import sys; sys.path.insert(0, {_HOME!r}); from {PROGRAM} import main; main()"
    if parts.same:
        archive.file(f"{_START}c", _pyc(marshal.dumps(compile(start, _START, "exec"))))
    else:
        archive.file(_START, start.encode())
    archive.file(guest_setup.DISK_IMAGE, ext2.head())
    environment = ("PYTHONHASHSEED=0", f"LD_LIBRARY_PATH={':'.join(parts.library_folders)}")
    return GuestImage(archive.to_bytes(), str(parts.executable), environment, _START + "c" * parts.same)


def _place(module: Module) -> Path:
    """Return where a module's source would go: a .pyc beside is imported without it."""
    if module.name.partition(".")[0] != "mremapcheck":
        return module.file
    name = module.name.replace(".", "/")
    return Path(f"{_HOME}/{name}/__init__.py" if module.package else f"{_HOME}/{name}.py")


def _text(module: Module, parts: InterpreterParts) -> bytes:
    ours = module.name.partition(".")[0] == "mremapcheck"
    return (module.file if ours else parts.source(module.file)).read_bytes()


def _compile(module: Module, parts: InterpreterParts) -> bytes:
    # Docstrings and asserts of the standard library stay behind; mremapcheck is exactly what runs on this machine.
    level = -1 if module.name.startswith("mremapcheck") else 2
    code = compile(_text(module, parts), str(module.file), "exec", dont_inherit=True, optimize=level)
    return _pyc(marshal.dumps(code))


def _pyc(code: bytes) -> bytes:
    """Return a compiled file that is never checked against its source (PEP 552)."""
    return importlib.util.MAGIC_NUMBER + struct.pack("<IQ", 1, 0) + code


def _manifest_path(architecture: str) -> Path:
    which = f"{executable()}\0{package_folder()}\0{architecture}"
    return cache.folder("guest", f"{hashlib.sha256(which.encode()).hexdigest()[:16]}.json")


def _load(manifest: Path) -> GuestImage | None:
    try:
        kept = read_document(manifest, "cache/guest", "what a guest was made of")
        if any(_stamp(Path(path)) != stamp for path, stamp in kept["inputs"].items()):
            return None
        data = manifest.with_name(kept["image"]).read_bytes()
        if hashlib.sha256(data).hexdigest() != kept["sha256"]:
            return None
        return GuestImage(data, kept["init"], tuple(kept["environment"]), kept["start"])
    except (OSError, ValueError, FileError):
        return None


def _keep(manifest: Path, image: GuestImage, parts: InterpreterParts) -> None:
    """Keep the image for the next time; where the cache cannot be written, every run builds it anew."""
    modules = (m.file if m.name.startswith("mremapcheck") else parts.source(m.file) for m in parts.modules)
    others = map(parts.source, (parts.executable, *parts.objects))
    inputs: Iterable[Path] = (*others, *modules, *_BUILDERS)
    digest = hashlib.sha256(image.data).hexdigest()
    name = f"{manifest.stem}.cpio"
    text = {
        "image": name,
        "sha256": digest,
        "init": image.init,
        "environment": image.environment,
        "start": image.start,
        "inputs": {str(path): _stamp(path) for path in inputs},
    }
    try:
        manifest.parent.mkdir(parents=True, exist_ok=True)
        write_whole(manifest.with_name(name), image.data)
        write_whole(manifest, json.dumps(text).encode())
    except OSError:
        return


def _stamp(path: Path) -> list[int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ino]
