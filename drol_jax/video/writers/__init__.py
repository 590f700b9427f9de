"""Films written frame by frame: MP4, WebM and moving images."""
