"""From what a user says to an order in the queue."""
