"""Matrix: an application service of a homeserver, over its open HTTP interfaces."""
