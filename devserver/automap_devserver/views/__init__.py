"""Addresses: one blueprint for each service; they parse, call and answer."""
