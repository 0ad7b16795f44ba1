"""The operators' commands: what is open, who waits for an answer, answering, and reports."""
