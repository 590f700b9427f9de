"""Steps over many frames: the frame loop, many targets in a video, many sequences at once."""
