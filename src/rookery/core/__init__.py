"""What the platform is, in no vendor's words: types, rules and services. No sockets, no SQL, no clock of its own."""
