"""Side-by-side benchmarks of `automap` and mapchete: `python -m bench`."""
