"""The online classification subnet: fitted to the first frame, refitted while tracking."""

from drol_jax.online.hyper import on_device

__all__ = ["on_device"]
