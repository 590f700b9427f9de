"""What a benchmark run came to: tables, and the same numbers as files."""
