"""What people are told, in their language: requests and notices, as values. No AWS library."""
