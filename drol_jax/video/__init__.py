"""Moving images: frames with their times read from files, folders, cameras and streams, and films written."""
