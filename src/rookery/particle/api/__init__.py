"""The Particle REST API: paths under /v1 and /oauth."""
