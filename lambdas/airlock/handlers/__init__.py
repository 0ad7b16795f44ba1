"""The functions' entry points: an event in, the core called, logs and metrics out."""
