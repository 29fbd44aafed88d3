"""Where the addresses of this machine's programs end."""

from __future__ import annotations

from functools import lru_cache

from mremapcheck.linux.files import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mremapcheck.linux.platforms.platform import Platform


@lru_cache(maxsize=8)
def user_end(platform: Platform) -> int:
    """Return where user space ends, in bytes: a kernel of this platform refuses a range that ends beyond it."""
    if not platform.wide:
        return platform.widest
    try:
        flags = read_file("/proc/cpuinfo")
    except OSError:
        return platform.user_end
    return platform.widest if f" {platform.wide}".encode() in flags else platform.user_end
