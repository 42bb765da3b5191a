"""A process: what to run, on which inputs, with which parameters, where to, and where on Earth."""
