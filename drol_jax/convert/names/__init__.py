"""Where each array of a published network lies in ours."""
