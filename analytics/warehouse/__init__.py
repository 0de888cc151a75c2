"""The engine's own tables about people, kept in step with the operational database."""
