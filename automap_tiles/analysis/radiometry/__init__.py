"""Scenes made equally bright, and reflectance in the colours that the eye expects."""
