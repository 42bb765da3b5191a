"""Click options, and what their values become: parts of orders."""
