"""Boot a kernel: first the fastest way, then the plainest, with KVM where that works, else emulated."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from mremapcheck.errors import ExecutorError
from mremapcheck.images import known
from mremapcheck.images.image import Image
from mremapcheck.vm import acceleration
from mremapcheck.vm.acceleration import KVM
from mremapcheck.vm.guest_image import GuestImage
from mremapcheck.vm.machine import GuestEnded, Hello, Machine
from mremapcheck.vm.qemu import Setup, find_qemu, in_memory

#: Told what is being done, in a few words.
Say: TypeAlias = Callable[[str], None]

#: For every boot: the console, restart at once after a panic, secret memory before 6.5, a large enough RAM disk.
_ALWAYS = "console=ttyS0 panic=-1 mitigations=off secretmem.enable=1 ramdisk_size=65536"


@dataclass(frozen=True, slots=True)
class Profile:
    """A way to boot; ``patience`` in seconds until the guest's program must speak, emulated.

    ``unpacked``: QEMU is given the vmlinux inside the bzImage, entered by its PVH entry.
    """

    name: str
    unpacked: bool
    words: str
    patience: float


#: Leaves out what takes seconds under emulation: unpacking, ACPI, self-tests of ciphers, messages on a serial port.
FAST = Profile("fast", True, "quiet acpi=off cryptomgr.notests", 60)
PLAIN = Profile("plain", False, "ignore_loglevel", 150)
#: Seconds after which a guest that does not speak tells that KVM does not work here.
_KVM_PATIENCE = 6.0
_KVM_PROVEN_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Booted:
    """A guest that is ready; ``accelerator`` is kvm or tcg."""

    machine: Machine
    hello: Hello
    accelerator: str
    profile: str


class Booter:
    """Boots one image, as often as need be; use as a context manager."""

    def __init__(self, image: Image, guest: GuestImage) -> None:
        self._image = image
        self._guest = guest
        self._binary = find_qemu()
        self._digest = known.digest_of(image)
        self._initrd = in_memory("mremapcheck-guest", guest.data)
        self._kernels: dict[bool, int] = {}
        self._disk = True

    def boot(self, say: Say) -> Booted:
        """Return a guest that is ready; raise ExecutorError with the kernel's last words where none gets there."""
        failures: list[GuestEnded] = []
        kvm_failed = False
        for accelerator, profile in self._ways():
            if accelerator == KVM and kvm_failed:
                continue
            say(f"booting ({accelerator.upper()}{', plainly' if profile is PLAIN else ''})")
            try:
                booted = self._try(accelerator, profile)
            except GuestEnded as ended:
                failures.append(ended)
                kvm_failed = accelerator == KVM and not acceleration.is_proven(self._binary)
                continue
            if accelerator == KVM or kvm_failed:
                acceleration.remember(self._binary, accelerator == KVM)
            facts = {"profile": profile.name, "accelerator": accelerator, "seconds": round(booted.hello.seconds, 1)}
            known.remember_boot(self._digest, {**facts, "release": booted.hello.release})
            return booted
        last = failures[-1]
        log = "".join(f"\n  | {line}" for line in last.log)
        raise ExecutorError(f"{self._image.release} does not boot: {last.reason}{log}", _hint(last))

    def _ways(self) -> Iterator[tuple[str, Profile]]:
        plain_only = known.boot_of(self._digest).get("profile") == PLAIN.name
        for accelerator in acceleration.choices(self._binary):
            if not plain_only:
                yield accelerator, FAST
            yield accelerator, PLAIN

    def _try(self, accelerator: str, profile: Profile) -> Booted:
        machine = self._start(accelerator, profile)
        patience = profile.patience
        if accelerator == KVM:
            patience = _KVM_PROVEN_PATIENCE if acceleration.is_proven(self._binary) else _KVM_PATIENCE
        try:
            hello = machine.greet(patience)
        except BaseException as error:
            machine.stop()
            if isinstance(error, GuestEnded) and self._disk and "nvme" in error.reason:
                self._disk = False  # a QEMU without that device
                return self._try(accelerator, profile)
            raise
        return Booted(machine, hello, accelerator, profile.name)

    def _start(self, accelerator: str, profile: Profile) -> Machine:
        line = f"{_ALWAYS} {profile.words} {self._guest.arguments}"
        return Machine(self._binary, Setup(self._kernel(profile.unpacked), self._initrd, line, accelerator, self._disk))

    def _kernel(self, unpacked: bool) -> int:
        if unpacked not in self._kernels:
            data = (self._image.vmlinux() if unpacked else None) or self._image.data
            self._kernels[unpacked] = in_memory("mremapcheck-kernel", data)
        return self._kernels[unpacked]

    def close(self) -> None:
        """Give the memory back."""
        for descriptor in (self._initrd, *self._kernels.values()):
            os.close(descriptor)
        self._kernels.clear()


def _hint(ended: GuestEnded) -> str:
    if "QEMU" in ended.reason:
        return "is this QEMU for x86-64 and not older than 4.2?"
    return "guests need CONFIG_BLK_DEV_INITRD, DEVTMPFS, PROC_FS, TMPFS, UNIX and SERIAL_8250_CONSOLE built in"
