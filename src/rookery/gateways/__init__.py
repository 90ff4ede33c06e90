"""Listeners: asyncio transports that drive the machines of `wire` and hand what they say to whoever signed for it."""
