"""Record the fact, then make IAM agree with the ledger: the airlock's one way of working. No AWS library."""
