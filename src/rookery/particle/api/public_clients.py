"""Clients that everybody knows, with secrets that everybody knows: they name a program and prove nothing (reference
2.2). They are data, not rows: nobody owns them, and nobody can delete them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PUBLIC_CLIENTS: Mapping[str, str] = MappingProxyType(
    {
        "particle": "particle",  # documentation, curl examples, the iOS SDK, SDKs of others
        "particle-api": "particle-api",  # particle-api-js
        "particle-cli": "particle-cli",  # particle-cli
        "spark": "spark",  # what was before 2015, and clouds of others
        "spark-ide": "spark-ide",
        "CLI2": "client_secret_here",  # old versions of the command line tool
    }
)
"""Id to secret."""
