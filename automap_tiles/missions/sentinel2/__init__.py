"""Sentinel-2A, B and C."""
