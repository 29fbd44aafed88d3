"""Boot a kernel: first the fastest way, then the plainest, with KVM where that works, else emulated."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

from mremapcheck.base.errors import ExecutorError
from mremapcheck.base.progress import Line
from mremapcheck.executors.remote.peer import PATIENCE, PeerEnded, patience
from mremapcheck.executors.vm import acceleration
from mremapcheck.executors.vm.acceleration import KVM, TCG
from mremapcheck.executors.vm.guest_image import GuestImage
from mremapcheck.executors.vm.images import known
from mremapcheck.executors.vm.images.image import Image
from mremapcheck.executors.vm.machine import Hello, Machine
from mremapcheck.executors.vm.qemu import MEMORY, QemuSetup, find_qemu, in_memory
from mremapcheck.linux.platforms import machine

#: Changes that an option in _ALWAYS stands for, by id: secret memory up to 6.4.
SWITCHED_ON = ("secret-by-default",)
#: For every boot: the console, restart at once after a panic, secret memory, a large enough RAM disk.
_ALWAYS = "console={} panic=-1 mitigations=off secretmem.enable=1 ramdisk_size=65536"


@dataclass(frozen=True, slots=True)
class Profile:
    """A way to boot; ``patience`` in seconds until the guest's program must speak, emulated.

    ``unpacked``: QEMU is given the vmlinux inside the bzImage, entered by its PVH entry.
    """

    name: str
    unpacked: bool
    words: str
    patience: float


#: After so many failures the fastest way is not tried any more: one may have been the fault of a busy machine.
_ENOUGH = 2
#: Times that a boot is tried while QEMU gets killed.
_TRIES = 2
_KILLED = f"is there memory for it? A guest has {MEMORY} MiB; `dmesg` tells whom the kernel killed"

#: Leaves out what takes seconds under emulation: unpacking, self-tests of ciphers, messages on a serial port.
FAST = Profile("fast", True, "quiet cryptomgr.notests", 60)
PLAIN = Profile("plain", False, "ignore_loglevel", 150)
#: Seconds after which a guest that does not speak tells that KVM does not work here.
_KVM_PATIENCE = 6.0


@dataclass(frozen=True, slots=True)
class Booted:
    """A guest that is ready; ``accelerator`` is kvm or tcg."""

    machine: Machine
    hello: Hello
    accelerator: str
    profile: str


class Booter:
    """Boots one image, as often as need be, until it is closed; other threads may close it at any time."""

    def __init__(self, image: Image, guest: GuestImage) -> None:
        self._image = image
        self._guest = guest
        self._platform = image.platform
        self._binary = find_qemu(image.platform)
        self._digest = known.digest_of(image)
        self._initrd = in_memory("mremapcheck-guest", guest.data)
        self._kernels: dict[bool, int] = {}
        self._disk = True
        self._lock = threading.Lock()
        self._closed = False
        self._machine: Machine | None = None
        self._ready: Booted | None = None

    def accelerator(self, line: Line) -> str:
        """Return kvm or tcg; where nobody knows yet whether KVM works, it is tried for a moment."""
        accelerator = acceleration.known(self._binary) if self._platform.machine == machine() else TCG
        if accelerator is None:
            line.say("trying KVM")
            try:
                self._ready = self._try(KVM, FAST, _KVM_PATIENCE, line)
                accelerator = KVM
            except PeerEnded:
                accelerator = TCG
            acceleration.remember(self._binary, accelerator == KVM)
        return accelerator

    def boot(self, line: Line) -> Booted:
        """Return a guest that is ready; raise ExecutorError with the kernel's last words where none gets there."""
        accelerator = self.accelerator(line)
        if self._ready:
            booted, self._ready = self._ready, None
            return booted
        for profile in [PLAIN] if self._failures() >= _ENOUGH else [FAST, PLAIN]:
            line.say(f"booting{' plainly' if profile is PLAIN else ''}")
            for _ in range(_TRIES):
                try:
                    return self._try(accelerator, profile, patience(profile.patience), line)
                except PeerEnded as ended:
                    last = ended
                    if not ended.killed:
                        break
            else:
                raise ExecutorError(f"{self._image.release} does not boot: {last.reason} twice", _KILLED)
        if accelerator == TCG:
            acceleration.forget()  # perhaps it was this kernel that did not work
        log = "".join(f"\n| {text}" for text in last.log)
        raise ExecutorError(f"{self._image.release} does not boot: {last.reason}{log}", _hint(last))

    def stop(self) -> None:
        """End the guest, if there is one."""
        with self._lock:
            machine, self._machine, self._ready = self._machine, None, None
        if machine:
            machine.stop()

    def close(self) -> None:
        """End the guest and give the memory back; nothing can be booted any more."""
        with self._lock:
            self._closed = True
        self.stop()
        for descriptor in (self._initrd, *self._kernels.values()):
            os.close(descriptor)
        self._initrd = -1
        self._kernels.clear()

    def _try(self, accelerator: str, profile: Profile, patience: float, line: Line) -> Booted:
        machine = self._start(accelerator, profile)
        try:
            hello = machine.greet(patience, line.tick)
        except BaseException as error:
            self.stop()
            if isinstance(error, PeerEnded) and self._disk and "nvme" in error.reason:
                self._disk = False  # a QEMU without that device
                return self._try(accelerator, profile, patience, line)
            raise
        facts = {"profile": profile.name, "accelerator": accelerator, "seconds": round(hello.seconds, 1)}
        facts |= {"release": hello.release, "channel": hello.channel}
        if profile is PLAIN:
            facts["failures"] = min(self._failures() + 1, _ENOUGH)
        known.remember_boot(self._digest, facts)
        return Booted(machine, hello, accelerator, profile.name)

    def _failures(self) -> int:
        """Return how often this image has not booted the fastest way, but then the plainest."""
        failures: int = known.boot_of(self._digest).get("failures", 0)
        return failures

    def _start(self, accelerator: str, profile: Profile) -> Machine:
        always = _ALWAYS.format(self._platform.qemu.console)
        words = f"{always} {profile.words} {self._guest.arguments}"
        with self._lock:
            if self._closed:
                raise ExecutorError("the virtual machine was ended")
            kernel = self._kernel(profile.unpacked)
            setup = QemuSetup(kernel, self._initrd, words, accelerator, self._disk, self._platform)
            self._machine = Machine(self._binary, setup)
            return self._machine

    def _kernel(self, unpacked: bool) -> int:
        if unpacked not in self._kernels:
            data = (self._image.vmlinux() if unpacked else None) or self._image.data
            self._kernels[unpacked] = in_memory("mremapcheck-kernel", data)
        return self._kernels[unpacked]


def _hint(ended: PeerEnded) -> str:
    if "QEMU" in ended.reason:
        return "is this QEMU for the kernel's machine, and not older than 4.2?"
    if ended.reason.endswith("it hangs"):
        return f"{PATIENCE}=SECONDS gives it more time, on a busy machine for one"
    return "guests need CONFIG_BLK_DEV_INITRD, DEVTMPFS, PROC_FS, TMPFS, UNIX and a console on the serial port built in"
