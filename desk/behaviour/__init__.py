"""What people did elsewhere, and who they are: told by imports, read by analytics."""
