"""Pages and pictures of docs/ that are made from something else in the repository."""
