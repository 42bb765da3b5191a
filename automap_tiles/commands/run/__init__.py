"""A run of AutoMap: scenes of an area and a time range, prepared and merged."""
