"""The approval page: what it shows, as values, and how they become HTML. No AWS library."""
