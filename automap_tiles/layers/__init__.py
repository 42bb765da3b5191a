"""Map layers: outputs, inputs, and processes that are computed on demand."""
