"""AWS at the edge: the only modules that touch boto3."""
