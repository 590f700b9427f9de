"""Backbones: a search or template patch in, features out."""
