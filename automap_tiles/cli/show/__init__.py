"""Output of events, checks and results as progress bars, lines or JSON."""
