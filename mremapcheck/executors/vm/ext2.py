"""An empty ext2 file system, written out: the ext4 driver mounts it, and its files are then what ``kind: file`` wants.

Made here because a guest has no mkfs and the machine may have none. One block group of 4 KiB blocks; the layout is in
Documentation/filesystems/ext4/ of the kernel.
"""

from __future__ import annotations

import struct

_BLOCK = 4096
#: Size of the file system in bytes, nearly all of it holes.
SIZE = 64 << 20
_BLOCKS = SIZE // _BLOCK
_INODES = 256
_INODE_SIZE = 128
#: Blocks 0 (superblock, at byte 1024), 1 (group), 2 and 3 (bitmaps), then the inodes, the root folder, lost+found.
_GROUPS_AT, _BLOCK_MAP, _INODE_MAP, _TABLE = 1, 2, 3, 4
_ROOT_BLOCK = _TABLE + _INODES * _INODE_SIZE // _BLOCK
_LOST_BLOCK = _ROOT_BLOCK + 1
_USED = _LOST_BLOCK + 1
_ROOT, _LOST, _RESERVED = 2, 11, 11
_DIRECTORY = 0o40000
_FILETYPE, _SPARSE_SUPER = 0x2, 0x1


def head() -> bytes:
    """Return the blocks in use, from the start of the file system; the rest, up to ``SIZE``, are zeros.

    Anybody may write to its root folder.
    """
    data = bytearray(_USED * _BLOCK)
    free_blocks, free_inodes = _BLOCKS - _USED, _INODES - _RESERVED
    superblock = _superblock(free_blocks, free_inodes)
    data[1024 : 1024 + len(superblock)] = superblock
    struct.pack_into("<IIIHHH", data, _GROUPS_AT * _BLOCK, _BLOCK_MAP, _INODE_MAP, _TABLE, free_blocks, free_inodes, 2)
    _mark(data, _BLOCK_MAP, _USED, _BLOCKS)
    _mark(data, _INODE_MAP, _RESERVED, _INODES)
    _inode(data, _ROOT, _DIRECTORY | 0o1777, 3, _ROOT_BLOCK)
    _inode(data, _LOST, _DIRECTORY | 0o700, 2, _LOST_BLOCK)
    _folder(data, _ROOT_BLOCK, [(_ROOT, b"."), (_ROOT, b".."), (_LOST, b"lost+found")])
    _folder(data, _LOST_BLOCK, [(_LOST, b"."), (_ROOT, b"..")])
    return bytes(data)


def _superblock(free_blocks: int, free_inodes: int) -> bytes:
    numbers = struct.pack(
        "<13I",
        *(_INODES, _BLOCKS, 0, free_blocks, free_inodes, 0),  # the last: first data block
        *(2, 2, 8 * _BLOCK, 8 * _BLOCK, _INODES),  # log2 of the block size in KiB, twice; sizes of a group
        *(0, 0),  # times of mount and write
    )
    state = struct.pack("<6H4I2H", 0, 0xFFFF, 0xEF53, 1, 1, 0, 0, 0, 0, 1, 0, 0)
    revision = struct.pack("<I2H3I", _RESERVED, _INODE_SIZE, 0, 0, _FILETYPE, _SPARSE_SUPER)
    return numbers + state + revision + b"mremapcheck-disk"


def _mark(data: bytearray, block: int, used: int, valid: int) -> None:
    """Mark the first ``used`` bits of a bitmap, and all from ``valid`` on, which stand for nothing."""
    bits = (1 << used) - 1 | (1 << 8 * _BLOCK) - (1 << valid)
    data[block * _BLOCK : (block + 1) * _BLOCK] = bits.to_bytes(_BLOCK, "little")


def _inode(data: bytearray, number: int, mode: int, links: int, block: int) -> None:
    at = _TABLE * _BLOCK + (number - 1) * _INODE_SIZE
    struct.pack_into("<2HI4I2H3I", data, at, mode, 0, _BLOCK, 0, 0, 0, 0, 0, links, _BLOCK // 512, 0, 0)
    struct.pack_into("<I", data, at + 40, block)


def _folder(data: bytearray, block: int, entries: list[tuple[int, bytes]]) -> None:
    at, left = block * _BLOCK, _BLOCK
    for index, (inode, name) in enumerate(entries):
        length = left if index == len(entries) - 1 else 8 + (len(name) + 3 & ~3)
        struct.pack_into("<IHBB", data, at, inode, length, len(name), 2)
        data[at + 8 : at + 8 + len(name)] = name
        at += length
        left -= length
