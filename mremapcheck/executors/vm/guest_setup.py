"""What a guest must do before scenarios can run in it: mounts, limits of the kernel, a disk, a line to the tool."""

# pathlib would take a tenth of a second of every boot
# ruff: noqa: PTH103, PTH110, PTH123, PTH208
from __future__ import annotations

import ctypes
import os
import resource
import time

from mremapcheck.executors.remote.line import Line
from mremapcheck.executors.vm import ext2
from mremapcheck.linux.fault_injection import DEBUGFS, SETTINGS
from mremapcheck.linux.numbers import SYS_REBOOT
from mremapcheck.linux.platforms import HERE, USUAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: The name of the virtio port, and the serial port for kernels without virtio.
PORT = "mremapcheck"
SERIAL = f"/dev/{(HERE or USUAL).qemu.serial}"
#: Where the image of the file system lies, for kernels that have loop devices or RAM disks but no NVMe driver.
DISK_IMAGE = "/disk.img"
_DISK = "/disk"
NO_DISK = "this kernel has no ext4, or no disk to put it on, built in (CONFIG_EXT4_FS with NVMe, loop or RAM disks)"
_LOOP_SET_FD = 0x4C00
_RESTART = (0xFEE1DEAD, 0x28121969, 0x01234567)
#: Settings under /proc/sys that distributions choose differently.
_SETTINGS = {
    "vm/mmap_min_addr": str((HERE or USUAL).lowest),
    "vm/overcommit_memory": "1",  # as on a machine with plenty of memory
    "vm/unprivileged_userfaultfd": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic_on_oops": "0",
    "kernel/hung_task_timeout_secs": "0",
}

_libc = ctypes.CDLL(None, use_errno=True)


class Channel(Line):
    """The line to the tool: ``kind`` is virtio or serial."""

    def __init__(self, kind: str, descriptor: int) -> None:
        super().__init__(descriptor, descriptor)
        self.kind = kind


def mount_all() -> None:
    """Mount what the live executor looks at; what a kernel has not is left out."""
    mount("proc", "/proc", "proc")
    mount("sysfs", "/sys", "sysfs")
    mount("devtmpfs", "/dev", "devtmpfs")
    mount("tmpfs", "/tmp", "tmpfs")
    mount("tmpfs", "/dev/shm", "tmpfs")
    for name, value in _SETTINGS.items():
        write(f"/proc/sys/{name}", value)
    if mount("debugfs", DEBUGFS, "debugfs"):
        for name, value in SETTINGS.items():
            write(f"{DEBUGFS}/{name}", value)


def lift_limits() -> None:
    """Let scenarios lock as much as they like: kernels before 5.16 give a process 64 KiB."""
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def mount(source: str, target: str, kind: str) -> bool:
    """Mount a file system on a folder, made if need be; tell whether that worked."""
    try:
        os.makedirs(target, exist_ok=True)
    except OSError:
        return False
    result: int = _libc.mount(source.encode(), target.encode(), kind.encode(), 0, None)
    return result == 0


def mount_disk() -> bool:
    """Mount an ext4 file system and make it the folder for temporary files; tell whether this kernel can."""
    for device in (_nvme, _loop, _ram_disk):
        name = device()
        if name and mount(name, _DISK, "ext4"):
            os.environ["TMPDIR"] = _DISK
            return True
    return False


def _nvme() -> str | None:
    for _ in range(50):
        if not os.path.exists("/dev/nvme0"):
            return None
        if os.path.exists("/dev/nvme0n1"):
            return "/dev/nvme0n1"
        time.sleep(0.02)
    return None


def _loop() -> str | None:
    try:
        device, image = os.open("/dev/loop0", os.O_RDWR), os.open(DISK_IMAGE, os.O_RDWR)
        os.ftruncate(image, ext2.SIZE)
    except OSError:
        return None
    attached = _libc.ioctl(device, _LOOP_SET_FD, image) == 0
    os.close(image)
    os.close(device)
    return "/dev/loop0" if attached else None


def _ram_disk() -> str | None:
    try:
        device = os.open("/dev/ram0", os.O_RDWR)
        os.write(device, ext2.head())
        os.close(device)
    except OSError:
        return None
    return "/dev/ram0"


def open_channel() -> Channel:
    """Return the line to the tool; raise OSError where there is none."""
    for _ in range(50):
        try:
            ports = os.listdir("/sys/class/virtio-ports")
        except OSError:
            break  # no driver in this kernel
        for port in ports:
            with open(f"/sys/class/virtio-ports/{port}/name", "rb") as file:
                if file.read().strip() == PORT.encode():
                    return Channel("virtio", os.open(f"/dev/{port}", os.O_RDWR))
        if not _has_virtio_devices():
            break
        time.sleep(0.02)
    return Channel("serial", _open_serial())


def _has_virtio_devices() -> bool:
    try:
        return bool(os.listdir("/sys/bus/virtio/devices"))
    except OSError:
        return False


def _open_serial() -> int:
    import termios

    descriptor = os.open(SERIAL, os.O_RDWR | os.O_NOCTTY)
    mode = termios.tcgetattr(descriptor)
    mode[0] = mode[1] = mode[3] = 0  # nothing is translated, nothing is special
    mode[2] = termios.CS8 | termios.CREAD | termios.CLOCAL
    mode[4] = mode[5] = termios.B115200
    mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
    termios.tcsetattr(descriptor, termios.TCSANOW, mode)
    return descriptor


def describe(channel: Channel, disk: bool) -> dict[str, Any]:
    """Return what the tool wants to know of this guest."""
    name = os.uname()
    return {"release": name.release, "version": name.version, "channel": channel.kind, "disk": disk}


def reserve_huge_pages(count: int) -> None:
    """Set huge pages aside, for kinds that live on hugetlbfs; a kernel without them has no such file."""
    write("/proc/sys/vm/nr_hugepages", str(count))


def write(path: str, text: str) -> None:
    """Write to a file of the kernel's, if this kernel has it and takes the text."""
    try:
        descriptor = os.open(path, os.O_WRONLY)
    except OSError:
        return
    try:
        os.write(descriptor, text.encode())
    except OSError:
        return
    finally:
        os.close(descriptor)


def run_lazily() -> None:
    """Let this process run only when no other one wants to: it takes turns with a worker less often."""
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except OSError:
        return


def be_a_user_of_its_own() -> None:
    """Give this process a real user that no other has, and leave it root's rights: secret memory counts per user."""
    os.setresuid(os.getpid(), 0, 0)


def run_eagerly() -> None:
    """Let this process run as any other does."""
    try:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    except OSError:
        return


def say(text: str) -> None:
    """Say something on the kernel's console, which is done when this returns."""
    for line in text.splitlines():
        write("/dev/kmsg", f"<0>{line[:900]}")


def restart() -> None:
    """Restart the machine, which ends the virtual machine; works without ACPI, other than switching off."""
    _libc.syscall(SYS_REBOOT, *_RESTART, 0)
