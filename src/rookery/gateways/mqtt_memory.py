"""What the C library is told about memory: one setting that halves what an idle TLS connection occupies, and when to
give back what a flood has left.

uvloop gives each TLS connection a buffer of 256 KiB, of which a board touches one page. While glibc takes such blocks
from the system one by one, the untouched rest costs nothing. But when the first of them is freed, glibc raises the
size from which it does so, and takes all later ones from its heap, where they get pages that others have used: 47 KB
a connection instead of 25 KB, measured with 2,000. Naming the size turns that adaptation off.
"""

from __future__ import annotations

import sys

M_MMAP_THRESHOLD = -3
"""`malloc.h` of glibc."""
BLOCK_BYTES = 256 * 1024
"""uvloop's buffer. Smaller blocks, like those of numpy and SQLite, stay on the heap."""


def keep_large_blocks_apart() -> bool:
    """Let glibc map blocks of 256 KiB and more by themselves, for good. False where there is no glibc."""
    if sys.platform != "linux":
        return False
    import ctypes

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    mallopt.argtypes = (ctypes.c_int, ctypes.c_int)
    mallopt.restype = ctypes.c_int
    return bool(mallopt(M_MMAP_THRESHOLD, BLOCK_BYTES))


def give_back_free_pages() -> bool:
    """Return what is free to the system, also from the middle of the heap; glibc by itself does so at its end only.
    Two thousand handshakes that failed leave 40 MB otherwise. Some milliseconds, so after a flood only. False where
    there is no glibc."""
    if sys.platform != "linux":
        return False
    import ctypes

    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return False
    trim.argtypes = (ctypes.c_size_t,)
    trim.restype = ctypes.c_int
    return bool(trim(0))
