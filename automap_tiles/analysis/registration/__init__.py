"""Where one date lies on another: shifts of a fraction of a pixel, clouds and all."""
