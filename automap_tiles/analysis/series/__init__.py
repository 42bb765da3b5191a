"""The dates of a pixel: features over time, gaps filled, waves and seasons."""
