"""Frames, boxes in them, patches cut out of them, masks over them. Imports jax in `crops` alone."""
