"""The online classification subnet: fitted to the first frame, refitted while tracking."""
