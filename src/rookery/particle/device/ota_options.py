"""The CoAP options of updates by protocol v3 (particle-device.md §4.12). All are critical by their odd numbers: the
table of a session's CoAP machine has to know them."""

from __future__ import annotations

from typing import Final

from rookery.wire.coap.options import Definition

CHUNK_INDEX: Final = 2049
WINDOW_SIZE: Final = 2053
FILE_SIZE: Final = 2057
FILE_SHA256: Final = 2061
CHUNK_SIZE: Final = 2065
DISCARD_DATA: Final = 2069
CANCEL_UPDATE: Final = 2073
MODULE_FUNCTION: Final = 2077

OPTIONS: Final = (
    Definition(CHUNK_INDEX, "Chunk-Index", "uint", 0, 4),
    Definition(WINDOW_SIZE, "Window-Size", "uint", 0, 4),
    Definition(FILE_SIZE, "File-Size", "uint", 0, 4),
    Definition(FILE_SHA256, "File-SHA-256", "opaque", 32, 32),
    Definition(CHUNK_SIZE, "Chunk-Size", "uint", 0, 4),
    Definition(DISCARD_DATA, "Discard-Data", "empty", 0, 0),
    Definition(CANCEL_UPDATE, "Cancel-Update", "empty", 0, 0),
    Definition(MODULE_FUNCTION, "Module-Function", "uint", 0, 4),
)
