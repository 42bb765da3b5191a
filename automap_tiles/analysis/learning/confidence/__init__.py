"""Confidence of a classification: calibrated probabilities, prediction sets, applicability."""
