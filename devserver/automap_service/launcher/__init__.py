"""Python in the browser of the user: what the page "Code" runs scripts with."""
