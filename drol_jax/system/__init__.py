"""What every room stands on: compiling, threads, packaged data, files that appear whole. Knows nothing of tracking."""
