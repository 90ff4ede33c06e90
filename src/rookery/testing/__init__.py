"""What users import into their own test suites."""
