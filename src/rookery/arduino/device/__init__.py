"""The Arduino Device API: topics, commands and state machines over MQTT."""
