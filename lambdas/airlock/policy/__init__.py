"""The policy algebra: pure functions on IAM policy documents. Nothing here imports an AWS library."""
