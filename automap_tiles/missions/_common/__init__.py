"""Building blocks of missions: sensors, bands, scalings, flags, scenes."""
