"""Who may do what: users, roles, one policy, and the record of what was done."""
