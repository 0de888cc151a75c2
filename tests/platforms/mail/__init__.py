"""Real mail servers for tests (Dovecot, Exim), and an SMTP server that fails as told."""
