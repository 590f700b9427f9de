"""Sources of training pairs for Siamese trackers: rendered from a seed, or cut out of videos on disk."""
