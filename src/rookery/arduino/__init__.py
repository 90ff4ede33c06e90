"""The Arduino dialect: property types, REST API and device API."""
