"""Pairs composed of photographs and cut-out objects: the fourth source beside procedural, crop511 and sequences."""

from drol_jax.train.pairs.photos.settings import PhotosSettings
from drol_jax.train.pairs.photos.source import Photos

__all__ = ["Photos", "PhotosSettings"]
