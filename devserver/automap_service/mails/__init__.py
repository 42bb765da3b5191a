"""Mails to users: which wait (`outbox`), how they are handed to a server (`server`)."""
