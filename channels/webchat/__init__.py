"""The web chat: our own public protocol, spoken by the widget and by anybody's client."""
