"""The same insights on a file, without a database: for analysts."""
