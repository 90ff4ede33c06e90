"""The whole server, killed again and again while boards talk to it: what was acknowledged is there, unchanged."""
