"""Landsat 4 to 9."""
