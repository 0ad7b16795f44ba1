"""No function can read the Ignition file, which holds the cluster's certificates: docs/faq.md says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

# The hub of an organization has no functions, and so no roles.
TABLES = [one for one in sorted((Path(__file__).parent / "golden").glob("permissions-*.txt")) if "hub" not in one.stem]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_no_role_may_read_objects_or_use_their_keys(table: Path) -> None:
    """No role of the template is allowed an action of S3's, or one of KMS's on a key that isn't the deployment's own.

    The tables are what the template says: `tests/infra/test_permissions_table.py` holds them to it.
    """
    roles = re.findall(r"^AWS::IAM::Role .*?(?=^AWS::|\Z)", table.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert roles
    for role in roles:
        for statement in re.findall(r"^  - Allow .*?(?=^  - |\Z)", role, re.MULTILINE | re.DOTALL):
            assert not re.search(r"may (\*|s3:|secretsmanager:|ssm:)", statement), statement
            if "may kms:" in statement:
                assert re.findall(r"^ +on (.+)$", statement, re.MULTILINE), statement
                assert not re.search(r"on \*|on .*key/\*|ViaService .* s3\.", statement), statement
