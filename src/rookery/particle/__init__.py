"""The Particle dialect."""
