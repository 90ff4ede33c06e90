"""The telemetry store on SQLite: every acknowledged point, in one file, merged into compressed blocks."""

from rookery.storage.telemetry.schema import TelemetryFileError, TelemetryForeign, TelemetryInUse, TelemetryTooNew
from rookery.storage.telemetry.store import TelemetryStore

__all__ = ["TelemetryFileError", "TelemetryForeign", "TelemetryInUse", "TelemetryStore", "TelemetryTooNew"]
