"""Tracks: the table of what was found in a video, start boxes, and the formats of annotation tools."""
