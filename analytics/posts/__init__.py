"""Social posts: planned, approved by a second person, published at most once, and read afterwards."""
