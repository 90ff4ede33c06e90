"""Rookery: a self-hosted cloud that unmodified Arduino Cloud and Particle Cloud clients can use."""

__version__ = "0.1.0"
