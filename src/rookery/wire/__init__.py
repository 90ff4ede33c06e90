"""Codecs and state machines of open standards: bytes in, events and bytes out. No sockets, no clock, no vendor."""
