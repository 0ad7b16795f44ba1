"""The names an OpenShift install gives to what it makes on AWS, and how to read its infra ID back from them.

Every name starts from the infra ID, so the bucket and the object that the bootstrap node will fetch are known as soon
as any one of the install's resources is seen, minutes before the bucket exists.
"""

import re
from enum import StrEnum


class Era(StrEnum):
    """Which tool inside the installer makes the bootstrap bucket; the two name it differently."""

    TERRAFORM = "terraform"
    """Releases 4.6 to 4.15 (installer: data/data/aws/bootstrap/main.tf)."""

    CAPA = "capa"
    """Releases 4.16 and later, by Cluster API Provider AWS (installer: pkg/infrastructure/aws/clusterapi)."""


# The installer cuts the cluster's name to 21 characters and adds "-" and five random ones
# (installer: pkg/asset/installconfig/clusterid.go). Its random alphabet has no vowels today; older releases drew from
# wider ones, so any lower-case letter or digit counts. Only letters, digits and "-" get through: what matches can go
# into an ARN, where "*", "?", "/" and "$" would mean something.
_INFRA_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,19}[A-Za-z0-9])?-[a-z0-9]{5}")
_NAME_LIMIT = 21
_PARTITION = re.compile(r"aws(?:-[a-z]{1,8}){0,3}")

_CAPA_BUCKET_PREFIX = "openshift-bootstrap-data-"
_TERRAFORM_BUCKET_SUFFIX = "-bootstrap"
_ROLE_SUFFIXES = ("-master-role", "-bootstrap-role", "-worker-role")
_LOAD_BALANCER_SUFFIXES = ("-int", "-ext")


def is_infra_id(text: str) -> bool:
    """Tell whether a text is an infra ID: a cluster's name of 1 to 21 characters, `-`, and 5 of `[a-z0-9]`.

    The name holds ASCII letters, digits and `-`, and neither starts nor ends with `-`.
    """
    return _INFRA_ID.fullmatch(text) is not None


def normalised_cluster_name(name: str) -> str:
    """Give what an infra ID makes of a cluster's name, before the hyphen and the five random characters.

    Characters outside `[A-Za-z0-9-]` become `-`, runs of `-` one, 21 characters stay, and no `-` at the end
    (installer: pkg/asset/installconfig/clusterid.go).
    """
    safe = re.sub(r"-+", "-", re.sub(r"[^A-Za-z0-9-]", "-", name))
    return safe[:_NAME_LIMIT].rstrip("-")


def bootstrap_bucket(infra_id: str, era: Era) -> str:
    """Give the name of the bucket that holds the bootstrap Ignition file.

    Args:
        infra_id: as `is_infra_id` wants it.
        era: who makes the bucket.

    Raises:
        ValueError: the infra ID isn't one.
    """
    _require_infra_id(infra_id)
    if era is Era.CAPA:
        return _CAPA_BUCKET_PREFIX + infra_id
    return infra_id + _TERRAFORM_BUCKET_SUFFIX


def bootstrap_object_key(infra_id: str, era: Era) -> str:
    """Give the key of the bootstrap Ignition file in its bucket, without a leading slash.

    Args:
        infra_id: as `is_infra_id` wants it.
        era: who writes the object.

    Raises:
        ValueError: the infra ID isn't one.
    """
    _require_infra_id(infra_id)
    if era is Era.CAPA:
        return f"control-plane/{infra_id}-bootstrap"
    return "bootstrap.ign"


def bootstrap_object_arns(infra_id: str, partition: str, era: Era | None) -> tuple[str, ...]:
    """Give the ARNs of the objects that the bootstrap node may fetch, ready for a policy's Resource.

    Args:
        infra_id: as `is_infra_id` wants it.
        partition: `aws`, `aws-us-gov`, `aws-cn` or another of AWS's.
        era: None while unknown: then both eras' objects, Terraform's first.

    Raises:
        ValueError: the infra ID or the partition isn't one, so that nothing odd reaches a policy.
    """
    if _PARTITION.fullmatch(partition) is None:
        raise ValueError(f"expected a partition like 'aws' or 'aws-us-gov', got {partition[:64]!r}")
    eras = (Era.TERRAFORM, Era.CAPA) if era is None else (era,)
    return tuple(
        f"arn:{partition}:s3:::{bootstrap_bucket(infra_id, one)}/{bootstrap_object_key(infra_id, one)}" for one in eras
    )


def infra_id_of_bucket(name: str) -> tuple[str, Era] | None:
    """Read infra ID and era from a bootstrap bucket's name; None for any other bucket.

    No name can be read in both ways. An infra ID ends with `-` and five characters: so it can't end with `-bootstrap`,
    and it is too short to start with `openshift-bootstrap-data-`. CAPA's fixed prefix is tried first all the same.
    """
    if name.startswith(_CAPA_BUCKET_PREFIX):
        infra_id = name.removeprefix(_CAPA_BUCKET_PREFIX)
        return (infra_id, Era.CAPA) if is_infra_id(infra_id) else None
    found = _before_suffix(name, (_TERRAFORM_BUCKET_SUFFIX,))
    return None if found is None else (found, Era.TERRAFORM)


def infra_id_of_role_name(name: str) -> str | None:
    """Read the infra ID from the name of a role for masters, workers or (before 4.16) the bootstrap node."""
    return _before_suffix(name, _ROLE_SUFFIXES)


def infra_id_of_load_balancer(name: str) -> str | None:
    """Read the infra ID from the name of an API load balancer, internal (`-int`) or external (`-ext`)."""
    return _before_suffix(name, _LOAD_BALANCER_SUFFIXES)


def _before_suffix(name: str, suffixes: tuple[str, ...]) -> str | None:
    for suffix in suffixes:
        if name.endswith(suffix):
            infra_id = name.removesuffix(suffix)
            return infra_id if is_infra_id(infra_id) else None
    return None


def _require_infra_id(text: str) -> None:
    if not is_infra_id(text):
        raise ValueError(f"expected an infra ID like 'prod-7xk2q', got {text[:64]!r}")
