"""Pictures: arrays stretched, coloured and encoded for the web. No files, no tiles."""
