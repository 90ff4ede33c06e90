"""Catalog, telemetry, messages and blobs behind the interfaces that core owns."""
