"""What can be looked at: outputs, inputs, and processes that are computed where one looks."""
