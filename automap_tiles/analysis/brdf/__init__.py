"""Reflectance as it would be seen from straight above."""
