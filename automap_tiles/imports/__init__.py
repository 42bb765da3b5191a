"""Lightweight imports of other packages, without optional dependencies that they would load.

A package that imports rasterio or fiona imports the module of that name in here first.
"""
