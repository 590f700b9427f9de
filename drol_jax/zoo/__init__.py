"""Published weights: which there are, where their authors keep them, how they are fetched, where they are kept."""
