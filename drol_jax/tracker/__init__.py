"""`step.init` and `step.step`: one target, one frame, pure."""
