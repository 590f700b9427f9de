"""Published networks computed from their own definitions, to hold the converted ones to."""
