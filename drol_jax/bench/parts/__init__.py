"""What can be measured, one file a part: each has ``measure(subject, ...) -> plain data``."""
