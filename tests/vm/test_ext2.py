from __future__ import annotations

import struct
import subprocess
from pathlib import Path

from mremapcheck.executors.vm import ext2
from tests.tools import tool


def test_the_numbers_add_up() -> None:
    head = ext2.head()
    superblock = head[1024:]
    inodes, blocks, _, free_blocks, free_inodes = struct.unpack_from("<5I", superblock)
    (magic,) = struct.unpack_from("<H", superblock, 56)
    assert (magic, blocks * 4096, inodes) == (0xEF53, ext2.SIZE, 256)
    block_map = int.from_bytes(head[2 * 4096 : 3 * 4096], "little")
    inode_map = int.from_bytes(head[3 * 4096 : 4 * 4096], "little")
    assert bin(block_map & (1 << blocks) - 1).count("1") == blocks - free_blocks == len(head) // 4096
    assert bin(inode_map & (1 << inodes) - 1).count("1") == inodes - free_inodes


def test_e2fsck_finds_nothing(tmp_path: Path) -> None:
    image = tmp_path / "disk"
    image.write_bytes(ext2.head())
    with image.open("r+b") as file:
        file.truncate(ext2.SIZE)
    done = subprocess.run([tool("e2fsck"), "-fn", image], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
