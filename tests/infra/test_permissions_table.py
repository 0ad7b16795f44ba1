"""Every statement of the template stands in a list that people have read.

To renew the lists after a change that is meant, and look at what git shows:

    AIRLOCK_RENEW_GOLDEN=1 .venv/bin/python -m pytest tests/infra/test_permissions_table.py
"""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import pytest

from tests.infra.permissions_table import count_statements, table
from tests.infra.template import Template

GOLDEN = Path(__file__).with_name("golden")
BOTH = pytest.mark.parametrize("which", ["template", "small_template", "full_template", "http_template"])


@BOTH
def test_each_statement_is_one_that_was_reviewed(request: pytest.FixtureRequest, which: str) -> None:
    """Roles, keys, topics, queue, URLs, routes and permissions hold what tests/infra/golden lists, and no more."""
    text = table(request.getfixturevalue(which))
    stored = GOLDEN / f"permissions-{which}.txt"
    if os.environ.get("AIRLOCK_RENEW_GOLDEN") == "1":
        stored.write_text(text, encoding="utf-8")
    assert text == stored.read_text(encoding="utf-8"), f"see the top of {Path(__file__).name} for how to renew it"


@BOTH
def test_no_statement_is_left_out_of_the_list(request: pytest.FixtureRequest, which: str) -> None:
    """What looks like a statement anywhere in the template, be it a table's or a bus's, is in the list."""
    template: Template = request.getfixturevalue(which)
    listed = [line for line in table(template).splitlines() if line.startswith("  - ")]
    assert count_statements(template.body) == len(listed)


def _role(template: Template) -> dict[str, Any]:
    return template.properties(template.role_of("page")["Fn::GetAtt"][0])


def test_a_statement_that_nobody_listed_is_seen(template: Template) -> None:
    """One more in a role, one on the table's stream, a policy of a new kind: each makes a test above fail."""
    before = table(template)
    widened = Template(copy.deepcopy(template.body), template.path)
    _role(widened)["Policies"][0]["PolicyDocument"]["Statement"].append(
        {"Sid": "More", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    )
    assert table(widened) != before

    hidden = Template(copy.deepcopy(template.body), template.path)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "dynamodb:*", "Resource": "*"}
    hidden.properties(hidden.only("AWS::DynamoDB::Table"))["StreamSpecification"] = {
        "ResourcePolicy": {"PolicyDocument": {"Statement": [statement]}}
    }
    assert table(hidden) == before
    assert count_statements(hidden.body) == count_statements(template.body) + 1

    # CloudFormation takes the policy of a log group as a text, in which no statement could be counted.
    new = Template(copy.deepcopy(template.body), template.path)
    new.body["Resources"]["New"] = {"Type": "AWS::Logs::ResourcePolicy", "Properties": {"PolicyDocument": "{}"}}
    with pytest.raises(KeyError, match="AWS::Logs::ResourcePolicy"):
        table(new)

    bounded = Template(copy.deepcopy(template.body), template.path)
    _role(bounded)["ManagedPolicyArns"] = ["arn:aws:iam::aws:policy/AdministratorAccess"]
    with pytest.raises(AssertionError, match="ManagedPolicyArns"):
        table(bounded)
