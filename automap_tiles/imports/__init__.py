"""Imports of other packages without what they load along and hardly anybody needs.

A package that imports rasterio or fiona imports the module of that name in here first.
"""
