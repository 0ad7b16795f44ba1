"""The fence that the deployed stacks' users stand behind: AWS's example, laid out as no program of ours would."""

import json

BASELINE = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {
                    "NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24"]},
                    "Bool": {"aws:ViaAWSService": "false"},
                },
            }
        ],
    },
    indent=3,
)
