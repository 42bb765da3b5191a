"""One picture of many dates: statistics, best pixels, medoids; `methods.METHODS` is their table."""
