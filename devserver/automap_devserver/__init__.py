"""The preview server: layers on a map, tiles for the web, a process seen while it runs."""
