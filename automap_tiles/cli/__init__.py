"""The command `automap`: parse, call, print. One file per command under `commands/`."""
