"""Tags in request and response bodies of devices and things: a list of pairs (reference 3.3, 4.13)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from rookery.arduino.api.body import Body

TAG_LIMIT = 64

TagText = Annotated[str, msgspec.Meta(min_length=1, max_length=TAG_LIMIT, pattern=r"^[a-zA-Z0-9_.@-]+$(?!\n)")]


class Tag(msgspec.Struct):
    """`tag`."""

    key: TagText
    value: TagText


class Tags(msgspec.Struct):
    """`ArduinoTags`."""

    tags: list[Tag]


TAG = Body(Tag)
