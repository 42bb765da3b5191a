"""The demo: real imagery from the package registry and the two processes that run on it."""
