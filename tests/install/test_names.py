"""The names of an install, and the infra ID read back from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock.install.names import (
    Era,
    bootstrap_bucket,
    bootstrap_object_arns,
    bootstrap_object_key,
    infra_id_of_bucket,
    infra_id_of_load_balancer,
    infra_id_of_role_name,
    is_infra_id,
)

infra_ids = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,19}[A-Za-z0-9])?-[a-z0-9]{5}", fullmatch=True)
eras = st.sampled_from(Era)
# The hardest names: pieces of the fixed parts, so that a prefix or suffix can hide in the cluster's own name.
pieces = st.sampled_from(
    ["openshift", "bootstrap", "data", "openshift-bootstrap-data-", "-bootstrap", "-", "a", "x1", "7xk2q", "strap"]
)
puzzles = st.lists(pieces, max_size=8).map("".join)


@pytest.mark.parametrize(
    "text", ["prod-7xk2q", "a-bcdfg", "A1-00000", "test--x-l8dh4", "abcdefghijklmnopqrstu-12345", "a-b-c-d-e-f-vwxz2"]
)
def test_infra_ids(text: str) -> None:
    """A name of up to 21 letters, digits and dashes, a dash and five of a-z and 0-9 make an infra ID."""
    assert is_infra_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "prod",
        "7xk2q",
        "-7xk2q",
        "-prod-7xk2q",
        "prod--7xk2q",
        "prod-7XK2Q",
        "prod-7xk2",
        "prod-7xk2q\n",
        "\nprod-7xk2q",
        "prod-7xk2q ",
        "pr\u00f6d-7xk2q",
        "prod-\uff17xk2q",
        "prod.eu-7xk2q",
        "*-7xk2q",
        "prod-*",
        "prod/x-7xk2q",
        "prod-7xk2q/*",
        "${aws:x}-7xk2q",
        "pro?-7xk2q",
        "abcdefghijklmnopqrstuv-12345",
        "a" * 10_000,
        "a-" * 5_000 + "12345",
    ],
)
def test_no_infra_ids(text: str) -> None:
    """Whatever else comes, above all what a policy would read as a wildcard, isn't one."""
    assert not is_infra_id(text)


def test_terraform_names() -> None:
    """Releases 4.6 to 4.15 keep bootstrap.ign in a bucket named after the install."""
    assert bootstrap_bucket("prod-7xk2q", Era.TERRAFORM) == "prod-7xk2q-bootstrap"
    assert bootstrap_object_key("prod-7xk2q", Era.TERRAFORM) == "bootstrap.ign"


def test_capa_names() -> None:
    """Releases from 4.16 on keep the machine's user data under control-plane/ in a bucket with a fixed prefix."""
    assert bootstrap_bucket("prod-7xk2q", Era.CAPA) == "openshift-bootstrap-data-prod-7xk2q"
    assert bootstrap_object_key("prod-7xk2q", Era.CAPA) == "control-plane/prod-7xk2q-bootstrap"


@pytest.mark.parametrize("partition", ["aws", "aws-us-gov", "aws-cn", "aws-iso-b"])
def test_object_arns_of_an_unknown_era(partition: str) -> None:
    """While the era is unknown both objects are named, in the caller's partition, Terraform's first."""
    assert bootstrap_object_arns("lab-9mz4c", partition, None) == (
        f"arn:{partition}:s3:::lab-9mz4c-bootstrap/bootstrap.ign",
        f"arn:{partition}:s3:::openshift-bootstrap-data-lab-9mz4c/control-plane/lab-9mz4c-bootstrap",
    )


@pytest.mark.parametrize("era", Era)
def test_object_arns_of_a_known_era(era: Era) -> None:
    """Once the era is known only its object is named."""
    assert bootstrap_object_arns("lab-9mz4c", "aws", era) == (
        f"arn:aws:s3:::{bootstrap_bucket('lab-9mz4c', era)}/{bootstrap_object_key('lab-9mz4c', era)}",
    )


@pytest.mark.parametrize("infra_id", ["*", "", "prod-7xk2q/*", "a" * 10_000])
def test_object_arns_refuse_what_is_no_infra_id(infra_id: str) -> None:
    """Nothing but an infra ID gets into an ARN, and the error doesn't repeat an endless one."""
    with pytest.raises(ValueError, match="expected an infra ID") as caught:
        bootstrap_object_arns(infra_id, "aws", None)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("partition", ["", "*", "aws:s3", "AWS", "aws\n", "gcp"])
def test_object_arns_refuse_what_is_no_partition(partition: str) -> None:
    """Nothing but a partition gets into an ARN."""
    with pytest.raises(ValueError, match="expected a partition"):
        bootstrap_object_arns("prod-7xk2q", partition, None)


@pytest.mark.parametrize(
    "name",
    [
        "reports-bootstrap",
        "bootstrap",
        "-bootstrap",
        "openshift-bootstrap-data-",
        "openshift-bootstrap-data-prod",
        "openshift-bootstrap-data-prod-7xk2q-bootstrap",
        "openshift-bootstrap-data-bootstrap",
        "acme-7xk2q-image-registry-us-east-2-abcdefghijkl",
        "acme-image-registry-7xk2q",
        "prod-7xk2q",
        "prod-7xk2q-bootstrap-logs",
        "my-prod-7xk2q-bootstrap.example.com",
        "PROD-7XK2Q-bootstrap",
        "prod-7xk2q-bootstrap\n",
        "x" * 10_000 + "-bootstrap",
    ],
)
def test_buckets_of_others(name: str) -> None:
    """A bucket that only looks like a bootstrap bucket is nobody's."""
    assert infra_id_of_bucket(name) is None


@given(infra_ids, eras)
def test_bucket_names_round_trip(infra_id: str, era: Era) -> None:
    """From every bootstrap bucket's name the same infra ID and era come back, so no name means two installs."""
    assert infra_id_of_bucket(bootstrap_bucket(infra_id, era)) == (infra_id, era)


@given(puzzles)
def test_a_bucket_is_read_in_one_way_only(name: str) -> None:
    """Whatever name is read as a bootstrap bucket's is exactly the name that its infra ID and era give."""
    found = infra_id_of_bucket(name)
    readings = {
        (name.removesuffix("-bootstrap"), Era.TERRAFORM): name.endswith("-bootstrap"),
        (name.removeprefix("openshift-bootstrap-data-"), Era.CAPA): name.startswith("openshift-bootstrap-data-"),
    }
    possible = [one for one, fits in readings.items() if fits and is_infra_id(one[0])]
    assert possible == ([] if found is None else [found])


@given(infra_ids, st.sampled_from(["master", "bootstrap", "worker"]))
def test_role_names_round_trip(infra_id: str, what: str) -> None:
    """The infra ID is read from the three roles' names."""
    assert infra_id_of_role_name(f"{infra_id}-{what}-role") == infra_id


@pytest.mark.parametrize("name", ["admin-role", "prod-7xk2q-role", "prod-master-role", "prod-7xk2q-master-role2", ""])
def test_roles_of_others(name: str) -> None:
    """Other roles tell of no install."""
    assert infra_id_of_role_name(name) is None


@given(infra_ids, st.sampled_from(["int", "ext"]))
def test_load_balancer_names_round_trip(infra_id: str, side: str) -> None:
    """The infra ID is read from both API load balancers' names."""
    assert infra_id_of_load_balancer(f"{infra_id}-{side}") == infra_id


@pytest.mark.parametrize("name", ["shop-int", "prod-7xk2q", "prod-7xk2q-internal", "a-7xk2q-int-1", ""])
def test_load_balancers_of_others(name: str) -> None:
    """Other load balancers tell of no install."""
    assert infra_id_of_load_balancer(name) is None
