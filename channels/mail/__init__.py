"""E-mail: IMAP in, SMTP out. The channel's name is ``email``; a package of that name would hide Python's own."""
