"""`airlock replay`: an install's events, played to the real handlers in one process, with a clock of their own."""
