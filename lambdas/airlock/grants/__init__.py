"""The life of a grant: what is known of an install, and what follows from it. Pure; no AWS library."""
