"""Targets followed through a video: what state each is in, which keep apart, and the search for those that are lost."""
