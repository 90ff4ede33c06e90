"""A throw-away cloud for your tests: `rookery.testing.plugin` for pytest, `running_sandbox` for everything else."""

from rookery.testing.sandbox import Sandbox, SandboxFailed, running_sandbox

__all__ = ["Sandbox", "SandboxFailed", "running_sandbox"]
