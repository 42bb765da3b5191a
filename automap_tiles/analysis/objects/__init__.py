"""Objects: pixels that belong together, and what can be said of them as one."""
