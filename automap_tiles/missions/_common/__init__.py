"""What every mission is made of: sensors, bands, scalings, flags, scenes."""
