"""What the renderer writes, enforced by a real S3 server: SeaweedFS.

Every form that the airlock writes goes into every sample policy with a source-network deny: exact, before it is
narrowed, narrowed by address, each rung of the ladder, two grants that end at different times, and a policy that a
colleague shares. docs/testing.md tells what the server decides by itself, and what the translation has decided for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airlock.policy.clauses import CannotRenderError
from airlock.policy.render import render
from demo.cloud import USER
from demo.gate import gate
from demo.play import OFFICE
from demo.translation import for_gate
from tests.e2e.openings import (
    ACTIONS,
    CALLERS,
    MISTAKES,
    NODES,
    UNWRITTEN,
    WRITTEN,
    Case,
    Principal,
    Seen,
    Stage,
    meaning,
    watch,
)

pytestmark = pytest.mark.e2e


def translated(document: Mapping[str, Any], principal: Principal = USER) -> Mapping[str, Any]:
    """A policy as SeaweedFS gets it."""
    return for_gate(document, office=OFFICE, node=NODES, principal=principal, actions=ACTIONS).document


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Case, Seen]]:
    """What a SeaweedFS answered of all cases."""
    cases = [*WRITTEN, *MISTAKES]
    users = [user for case in cases for user in case.users]
    with gate(tmp_path_factory.mktemp("gate"), callers=CALLERS, users=users) as server:
        yield watch(server, cases, translated)


@pytest.mark.parametrize("case", WRITTEN, ids=str)
def test_an_opening_lets_through_what_it_says_and_shuts_by_itself(seen: dict[Case, Seen], case: Case) -> None:
    """403 before, 200 when open, 403 past the not-after time with nothing touched, 403 when restored.

    That goes for what the opening is for. The office gets the object throughout, and all else stays denied throughout.
    """
    for stage in Stage:
        assert seen[case].answers[stage] == case.expected(stage), stage


@pytest.mark.parametrize("case", MISTAKES, ids=str)
def test_a_mistake_would_be_seen(seen: dict[Case, Seen], case: Case) -> None:
    """Each of the exact form's four statements is needed: without it, the server lets through what it stands for."""
    for stage in Stage:
        assert seen[case].answers[stage] == case.expected(stage), stage


@pytest.mark.parametrize("case", WRITTEN, ids=str)
def test_a_restored_policy_means_what_it_meant(seen: dict[Case, Seen], case: Case) -> None:
    """What is put back is the baseline to the byte, and the server holds the same statements as before."""
    assert render(case.baseline, [], datetime.now(UTC), shared=case.opening.shared) == case.baseline
    assert meaning(seen[case].held[Stage.RESTORED]) == meaning(seen[case].held[Stage.BEFORE])


@pytest.mark.parametrize("case", UNWRITTEN, ids=str)
def test_what_has_no_such_form_is_refused(case: Case) -> None:
    """Where a form can't be written, nothing is; a case that can be written belongs among those that are watched."""
    end = datetime.now(UTC) + timedelta(minutes=1)
    with pytest.raises(CannotRenderError):
        case.opened(end, end)
