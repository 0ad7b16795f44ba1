"""The tags that an API call puts on what it makes, and the cluster that they name."""

from airlock.install.fields import MalformedError, NoSignalError, first, listed
from airlock.install.names import is_infra_id

_CLUSTER = "kubernetes.io/cluster/"
"""The installer tags what it makes with this, the infra ID, and the value `owned` (pkg/asset/cluster/aws/aws.go)."""
_OWNED = "owned"
_GUESTS = "openshift-cluster-api-guests/"
"""The namespace of the installer's machines in its local Cluster API (pkg/asset/machines/clusterapi.go)."""


def resource_tags(request: object, resource_type: str) -> dict[str, str]:
    """Read the tags that a call asks for on one type of resource.

    Args:
        request: requestParameters. Most EC2 calls have `tagSpecificationSet.items[].{resourceType, tags[].{key,
            value}}`; newer ones `TagSpecification.{ResourceType, Tag.{Key, Value}}`, where a list of one is no list.
        resource_type: EC2's word for it, such as `vpc`. A volume's tags say nothing about the instance.

    Raises:
        MalformedError: a specification isn't of either shape.
    """
    found: list[object] = []
    for spec in listed(first(request, "tagSpecificationSet", "TagSpecification"), "tagSpecificationSet"):
        if not isinstance(spec, dict):
            raise MalformedError("a tag specification is not an object")
        if first(spec, "resourceType", "ResourceType") == resource_type:
            found += listed(first(spec, "tags", "Tag"), "tags")
    return tags_by_key(found)


def tags_by_key(tags: list[object]) -> dict[str, str]:
    """Turn a list of `{key, value}` (or `{Key, Value}`) objects into one mapping.

    Where XML became JSON, a key or value that looks like a number or a truth value is one. Such a tag is none of the
    installer's: its value is left empty, its key is passed over.

    Raises:
        MalformedError: a tag isn't an object, has no key, or one key comes with two values.
    """
    found: dict[str, str] = {}
    for tag in tags:
        key, value = first(tag, "key", "Key"), first(tag, "value", "Value")
        if key is None or isinstance(key, dict | list) or isinstance(value, dict | list):
            raise MalformedError("a tag is not a pair of key and value")
        if isinstance(key, str):
            told = value if isinstance(value, str) else ""
            if found.setdefault(key, told) != told:
                raise MalformedError("a tag's key comes twice, with different values")
    return found


def cluster_tag(infra_id: str) -> str:
    """Give the key of the tag that the installer puts on all that it makes for a cluster."""
    return _CLUSTER + infra_id


def machine_name(infra_id: str) -> str:
    """Give the MachineName by which Cluster API's provider for AWS tags the bootstrap node."""
    return f"{_GUESTS}{infra_id}-bootstrap"


def is_named_bootstrap(infra_id: str, tags: dict[str, str]) -> bool:
    """Tell whether an instance is named as the bootstrap node; whose it is, :func:`owner` tells.

    A user's own tag called Name can replace the installer's, so Cluster API's word outranks it.
    """
    machine = tags.get("MachineName", "")
    if machine.startswith(_GUESTS):
        return machine == machine_name(infra_id)
    return tags.get("Name", "") == infra_id + "-bootstrap"


def owner(tags: dict[str, str]) -> str | None:
    """Give the infra ID of the one cluster that owns the resource; None where no tag names a cluster.

    Raises:
        NoSignalError: the tags name several clusters, or one that only shares the resource, or one that isn't
            an infra ID (EKS uses the same key).
    """
    named = {key.removeprefix(_CLUSTER): value for key, value in tags.items() if key.startswith(_CLUSTER)}
    if not named:
        return None
    if len(named) > 1:
        raise NoSignalError("its tags name more than one cluster")
    ((infra_id, value),) = named.items()
    if value != _OWNED:
        raise NoSignalError("its cluster tag is not 'owned'")
    if not is_infra_id(infra_id):
        raise NoSignalError("its cluster tag names no infra ID")
    return infra_id


def agreed(infra_id: str, tags: dict[str, str]) -> str:
    """Give back an infra ID read from a name, unless the tags say otherwise.

    Raises:
        NoSignalError: the tags name another owner, or none that counts.
    """
    if owner(tags) not in (None, infra_id):
        raise NoSignalError("its tags name another cluster than its name does")
    return infra_id
