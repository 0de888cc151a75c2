"""A real Matrix server: synapse, in an environment of its own and as a process of its own."""
