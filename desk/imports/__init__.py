"""Taking data in: files of any kind, checked row by row, cleaned out loud, safe to cut and to repeat."""
