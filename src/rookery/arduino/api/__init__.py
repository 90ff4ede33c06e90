"""The Arduino Application API (REST)."""
