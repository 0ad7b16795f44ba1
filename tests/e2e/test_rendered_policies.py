"""What the renderer writes, enforced by a real S3 server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airlock.install.names import Era, bootstrap_bucket, bootstrap_object_arns, bootstrap_object_key
from airlock.policy.exemption import Exemption, Vpc
from airlock.policy.render import render
from demo.cloud import USER
from demo.gate import Gate, gate
from demo.local_world import NODE_ADDRESS
from demo.play import OFFICE
from demo.translation import for_gate

pytestmark = pytest.mark.e2e
SAMPLES = Path(__file__).parents[1] / "samples" / "policies"
FENCES = sorted(path.name for path in SAMPLES.glob("*.json") if path.name != "nothing-to-open.json")
INFRA_ID = "prod-7xk2q"
VPC = "vpc-98615dcbe810beacd"
OPEN_SECONDS = 4


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """A SeaweedFS with the bootstrap object and others."""
    with gate(tmp_path_factory.mktemp("gate")) as running:
        bucket = bootstrap_bucket(INFRA_ID, Era.CAPA)
        running.put_object(bucket, bootstrap_object_key(INFRA_ID, Era.CAPA), b"{}")
        running.put_object(bucket, "control-plane/another", b"{}")
        running.put_object("other-bucket", bootstrap_object_key(INFRA_ID, Era.CAPA), b"{}")
        yield running


@pytest.mark.parametrize("fence", FENCES)
def test_a_rendered_policy_opens_one_fetch_and_shuts_by_itself(server: Gate, fence: str) -> None:
    """403 before, 200 when open, 403 past the not-after time with nothing touched, 403 when restored.

    The office gets the object throughout; another object and another bucket stay denied to the node throughout.
    """
    user = server.add_user(f"user-{fence.removesuffix('.json')}")
    bucket = bootstrap_bucket(INFRA_ID, Era.CAPA)
    wanted = user.presign(bucket, bootstrap_object_key(INFRA_ID, Era.CAPA))
    others = [
        user.presign(bucket, "control-plane/another"),
        user.presign("other-bucket", bootstrap_object_key(INFRA_ID, Era.CAPA)),
    ]
    baseline = (SAMPLES / fence).read_text()

    def enforce(text: str) -> None:
        translated = for_gate(json.loads(text), office=OFFICE, node={VPC: NODE_ADDRESS}, principal=USER)
        server.enforce(user, {"fence": translated.document})

    def node() -> tuple[int, set[int], int]:
        return server.from_node(wanted), {server.from_node(url) for url in others}, server.from_office(wanted)

    enforce(baseline)
    assert node() == (403, {403}, 200)

    now = datetime.now(UTC)
    exemption = Exemption(
        principal=USER,
        objects=bootstrap_object_arns(INFRA_ID, "aws", None),
        encrypted=bootstrap_object_arns(INFRA_ID, "aws", Era.CAPA),
        region="us-east-2",
        network=Vpc(VPC),
        not_after=now + timedelta(seconds=OPEN_SECONDS),
    )
    enforce(render(baseline, [exemption], now))
    assert node() == (200, {403}, 200)

    time.sleep(OPEN_SECONDS + 1)
    assert node() == (403, {403}, 200)

    enforce(render(baseline, [], now))
    assert node() == (403, {403}, 200)
