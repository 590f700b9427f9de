"""Published weights: which there are, where their authors keep them, how they are downloaded, where they are kept here."""
