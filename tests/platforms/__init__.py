"""Stand-ins for the platforms: each enforces what its platform enforces."""
