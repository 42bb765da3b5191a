"""Click options, and how their values become parts of orders."""
