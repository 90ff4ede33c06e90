"""The two ways in which these codecs fail: by what a board said, and by what we were asked to say."""

from __future__ import annotations


class MessageError(ValueError):
    """The bytes of a board are not what their place asks for. `str()` says what is wrong, without their content."""


class LimitError(ValueError):
    """Ours: this cannot be said to this board. `str()` is fit for the person who asked."""
