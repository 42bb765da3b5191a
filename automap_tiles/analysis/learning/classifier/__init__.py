"""A classifier of pixels: training, the model file, prediction. Needs `automap-tiles[classify]`."""
