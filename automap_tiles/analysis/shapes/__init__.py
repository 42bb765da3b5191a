"""Masks and classes as shapes: distances, shrinking and widening, patches."""
