"""Every sample install, under every sample policy, wherever the policy stands, however late the events."""

import os
from pathlib import Path
from typing import Any

import pytest

from airlock_cli.replay.principal import Kind, Principal
from tests.cli.helpers import POLICIES, STREAMS, principal_of, replayed_file, the_install

KINDS = {
    "user": (Kind.USER_INLINE, Kind.GROUP_INLINE, Kind.MANAGED),
    "role": (Kind.ROLE_INLINE, Kind.MANAGED),
}
# How late the events come and what the policy says have little to do with each other, so the shorter delays are
# played under one policy. AIRLOCK_WHOLE_MATRIX=1 plays all 192.
WHOLE = os.environ.get("AIRLOCK_WHOLE_MATRIX") == "1"
MATRIX = [
    pytest.param(stream, policy, kind, delay, id=f"{stream.stem}-{policy.stem}-{kind}-{delay}")
    for stream in STREAMS
    for policy in POLICIES
    for kind in KINDS[Principal.of(principal_of(stream)).what]
    for delay in ((0, 30, 90) if WHOLE or policy.stem == "aws-example" else (90,))
]


@pytest.mark.parametrize(("stream", "policy", "kind", "delay"), MATRIX)
def test_every_sample_is_let_through_and_comes_back(stream: Path, policy: Path, kind: Kind, delay: int) -> None:
    """The fetch is allowed and the policy comes back to the byte; where nothing stands in the way nothing is opened."""
    result = replayed_file(stream, policy.read_text(), kind, delay)
    install = the_install(result)
    assert install["fetch"]["allowed"] is True
    assert result.policy_restored
    assert not result.as_json()["refused"]
    if policy.stem == "nothing-to-open":
        assert (install["opened_at"], result.policy_writes) == (None, 0)
        assert install["close_reason"] == "nothing-to-open"
    else:
        assert install["opened_at"] < install["fetch"]["at"] < install["closed_at"]
        assert_narrowed(install, policy, kind)
        assert install["close_reason"] == ("timeout" if "never" in stream.stem else "instance-ended")


def assert_narrowed(install: dict[str, Any], policy: Path, kind: Kind) -> None:
    """Check that it was narrowed before the fetch, but for the one case that has no room for it."""
    if (policy.stem, kind) == ("perimeter", Kind.USER_INLINE):
        # A user's inline policies may take 2,048 characters together; narrowed, this one would take more.
        assert install["narrowed_at"] is None
    else:
        assert install["opened_at"] < install["narrowed_at"] < install["fetch"]["at"]
