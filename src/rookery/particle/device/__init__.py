"""The device side of the Particle dialect: what boards say and hear inside their secure channel."""
