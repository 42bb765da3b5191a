"""Whether an output is still what was written, and whether its tiles fit together."""
