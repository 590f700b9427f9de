"""Tracks to look at: drawn into frames, in a window, and on a page of this machine's browser."""
