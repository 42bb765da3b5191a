"""A process that finds nothing to write; both engines understand the word."""


def execute():
    return "empty"
