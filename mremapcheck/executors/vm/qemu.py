"""QEMU: its command line, and one run of it as a process with sockets. No file is made: all it reads is in memory.

Two serial ports (the console, and the channel for kernels without virtio), a virtio port (the channel), and an NVMe
disk, because distributions' cloud kernels have that driver built in and those of loop devices and virtio disks not.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from dataclasses import dataclass

from mremapcheck.base.errors import ExecutorError, MremapcheckError
from mremapcheck.executors.vm import ext2
from mremapcheck.executors.vm.guest_setup import PORT
from mremapcheck.linux import programs
from mremapcheck.linux.platforms import USUAL, machine
from mremapcheck.linux.platforms.platform import Platform

#: RHEL and its kin call the QEMU for their own machine so, and keep it out of PATH.
_OF_THIS_MACHINE = ("qemu-kvm", "/usr/libexec/qemu-kvm")
#: Guest memory in MiB: QEMU takes only what the guest touches.
MEMORY = 512
#: Processors of a guest, each of which runs scenarios.
PROCESSORS = min(2, os.cpu_count() or 1)


class QemuMissingError(MremapcheckError):
    """QEMU is not on this machine: no kernel's fault, so it stops a bisection."""


def find_qemu(platform: Platform = USUAL) -> str:
    """Return the path of QEMU for a platform; raise QemuMissingError that names the package to install."""
    qemu = platform.qemu
    own = _OF_THIS_MACHINE if platform.machine == machine() else ()
    wanted = os.environ.get("MREMAPCHECK_QEMU")
    for name in (wanted,) if wanted else (qemu.program, *own):
        path: str | None = shutil.which(name)
        if path:
            return path
    raise QemuMissingError(f"QEMU is not installed: no {wanted or qemu.program} in PATH", qemu.install)


def in_memory(name: str, data: bytes | bytearray, size: int = 0) -> int:
    """Return the descriptor of a file that exists only in memory, ``size`` bytes long where that is more."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    if size > len(data):
        os.ftruncate(descriptor, size)
    return descriptor


@dataclass(frozen=True, slots=True)
class QemuSetup:
    """What one virtual machine is made of; ``kernel`` and ``initrd`` are descriptors, ``accelerator`` kvm or tcg."""

    kernel: int
    initrd: int
    command_line: str
    accelerator: str
    disk: bool = True
    platform: Platform = USUAL


class Qemu:
    """A running QEMU. ``console``, ``serial`` and ``virtio`` are this side's ends of its lines."""

    def __init__(self, binary: str, setup: QemuSetup) -> None:
        self.console, console = socket.socketpair()
        self.serial, serial = socket.socketpair()
        self.virtio, virtio = socket.socketpair()
        theirs = [console, serial, virtio]
        disk = in_memory("mremapcheck-disk", ext2.head(), ext2.SIZE) if setup.disk else -1
        try:
            command = [binary, *_machine(setup, console.fileno(), serial.fileno(), virtio.fileno(), disk)]
            inherited = [setup.kernel, setup.initrd, *(end.fileno() for end in theirs), *([disk] if setup.disk else [])]
            self._process = programs.start(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=inherited,
            )
        except OSError as error:
            self._close()
            raise ExecutorError(f"{binary} does not start: {error.strerror}") from None
        finally:
            for end in theirs:
                end.close()
            if disk >= 0:
                os.close(disk)

    def ended(self) -> int | None:
        """Return QEMU's exit status if it has ended (negative: by that signal), else None."""
        return self._process.poll()

    def complaint(self) -> str:
        """Return what QEMU wrote to its standard error; only when it has ended."""
        stream = self._process.stderr
        text = stream.read().decode("utf-8", "replace") if stream else ""
        lines = [line for line in text.splitlines() if "warning:" not in line]
        return "; ".join(line.partition(": ")[2] or line for line in lines)

    def stop(self) -> None:
        """End the virtual machine at once; nothing in it is worth saving."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()
        self._close()

    def _close(self) -> None:
        for end in (self.console, self.serial, self.virtio):
            end.close()


def _machine(setup: QemuSetup, console: int, serial: int, virtio: int, disk: int) -> list[str]:
    qemu = setup.platform.qemu
    arguments = [
        *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-machine", qemu.machine, "-accel", setup.accelerator, "-cpu", qemu.cpu[setup.accelerator]),
        *("-smp", str(PROCESSORS), "-m", str(MEMORY)),
        *("-kernel", f"/proc/self/fd/{setup.kernel}", "-initrd", f"/proc/self/fd/{setup.initrd}"),
        *("-append", setup.command_line),
    ]
    for name, descriptor in (("console", console), ("serial", serial), ("virtio", virtio)):
        arguments += ["-chardev", f"socket,id={name},fd={descriptor}"]
    arguments += ["-serial", "chardev:console"]
    second = qemu.serial_device
    arguments += ["-device", f"{second},chardev=serial"] if second else ["-serial", "chardev:serial"]
    arguments += ["-device", "virtio-serial-pci", "-device", f"virtserialport,chardev=virtio,name={PORT}"]
    if setup.disk:
        arguments += ["-drive", f"file=/proc/self/fd/{disk},if=none,id=disk,format=raw,file.locking=off,cache=unsafe"]
        arguments += ["-device", "nvme,drive=disk,serial=mremapcheck"]
    return arguments
