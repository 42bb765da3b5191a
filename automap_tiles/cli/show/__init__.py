"""What is shown of events, checks and results: bars, lines, JSON."""
