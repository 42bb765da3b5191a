"""Who may do what: users, passwords, tokens, sessions."""
