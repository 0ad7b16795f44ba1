"""MiniStack, with CloudFormation's rules for failed updates and for deletions, which it hasn't got.

Started by ``demo.ministack`` as a program; it imports nothing of this project. Of CloudFormation's rules (user guide,
pages "DeletionPolicy attribute" and "Understand stack failure options") these are added:

- What the template retains is kept when the stack is deleted. MiniStack deletes it.
- Where one resource can't be deleted, nothing that it depends on is, the stack is ``DELETE_FAILED``, and the next try
  goes on from there. MiniStack deletes everything else all the same.
- What has no name of its own gets another one in each stack. In MiniStack a stack of the same name takes over what the
  one before it left behind.
- A table or a log group that is changed keeps what is in it. MiniStack makes an empty one in its place.
- A failed update is taken back: what it changed gets its old properties again, what it added is deleted. MiniStack
  deletes what it changed too.

Everything else is MiniStack's own: the order by dependencies, the custom resource's requests, the deletions themselves.
Not played: that CloudFormation also asks the very resource whose update failed to take it back.
"""

from __future__ import annotations

import hashlib
from typing import Any

from ministack.app import main  # type: ignore[import-untyped]  # it has no types
from ministack.services import cloudwatch_logs, dynamodb  # type: ignore[import-untyped]  # the same
from ministack.services.cloudformation import (  # type: ignore[import-untyped]  # the same
    _stacks,
    changesets,
    engine,
    handlers,
    provisioners,
    stacks,
)

RETAINED = frozenset({"Retain", "RetainExceptOnCreate"})

_deploy = stacks._deploy_stack_async  # noqa: SLF001 - there is no public way in, here and below
_remove = stacks._delete_stack_async  # noqa: SLF001
_delete_resource = stacks._delete_resource  # noqa: SLF001
_update_resource = stacks._update_resource  # noqa: SLF001

# By the stack's name: its resources before the update that is under way, and what couldn't be deleted.
_before: dict[str, dict[str, Any]] = {}
_stuck: dict[str, str] = {}


async def deploy_stack(stack_name: str, *args: Any, **named: Any) -> None:  # noqa: ANN401 - passed on as they are
    """Make or change a stack, and keep in mind what it was."""
    previous = named.get("previous_stack") or {}
    _before[stack_name] = previous.get("_resources", {})
    await _deploy(stack_name, *args, **named)


async def delete_stack(stack_name: str, stack_id: str) -> None:
    """Delete a stack, but for what can't be, and what that depends on."""
    _stuck.pop(stack_name, None)
    await _remove(stack_name, stack_id)
    if stack_name in _stuck:
        _stacks[stack_name]["StackStatus"] = "DELETE_FAILED"
        _stacks[stack_name]["StackStatusReason"] = f"The following resource failed to delete: {_stuck[stack_name]}"


def delete_resource(
    resource_type: str,
    physical_id: str,
    props: dict[str, Any],
    stack_name: str | None = None,
    logical_id: str | None = None,
) -> None:
    """Delete a resource, keep it, or take its change back."""
    name, logical = str(stack_name), str(logical_id)
    stack = _stacks[name]
    if stack["StackStatus"] == "UPDATE_ROLLBACK_IN_PROGRESS" and logical in _before[name]:
        old = _before[name][logical]
        _update_resource(resource_type, physical_id, props, old["Properties"], name, logical, old.get("Attributes"))
        return
    if stack["StackStatus"] != "DELETE_IN_PROGRESS":
        _delete_resource(resource_type, physical_id, props, name, logical)
        return
    resources = stack["_template"]["Resources"]
    if name in _stuck and logical in _depends_on(resources, _stuck[name]):
        raise RuntimeError(f"{_stuck[name]} couldn't be deleted, and needs this")
    if resources.get(logical, {}).get("DeletionPolicy") not in RETAINED:
        try:
            _delete_resource(resource_type, physical_id, props, name, logical)
        except Exception:
            _stuck.setdefault(name, logical)
            raise
    del stack["_resources"][logical]


def _depends_on(resources: dict[str, Any], logical_id: str) -> set[str]:
    """Everything that a resource depends on, at first or second hand."""
    found: set[str] = set()
    waiting = [logical_id]
    while waiting:
        new = engine._extract_deps(resources[waiting.pop()], set(resources)) - found  # noqa: SLF001
        found |= new
        waiting += new
    return found


def physical_name(stack_name: str, logical_id: str, *, lowercase: bool = False, max_len: int = 128) -> str:
    """Name a resource: the same as long as the stack stands, another one in the next."""
    stack_id = _stacks[stack_name]["StackId"]
    suffix = hashlib.sha256(f"{stack_id}:{logical_id}".encode()).hexdigest()[:13].upper()
    name = f"{stack_name}-{logical_id}-"[: max(max_len - len(suffix), 0)] + suffix
    return name.lower() if lowercase else name


def make_log_group(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:  # noqa: ANN401 - as it comes
    """Make a log group, which MiniStack names by stack and logical ID, or change the one that is there."""
    named = {"LogGroupName": physical_name(stack_name, logical_id, max_len=512), **props}
    before = cloudwatch_logs._log_groups.get(named["LogGroupName"])  # noqa: SLF001
    made = _make_log_group(logical_id, named, stack_name)
    if before is not None:
        # MiniStack makes an empty one in its place.
        cloudwatch_logs._log_groups[named["LogGroupName"]]["streams"] = before["streams"]  # noqa: SLF001
    return made


def make_table(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:  # noqa: ANN401 - as it comes
    """Make a table, or change the one that is there."""
    name = props.get("TableName") or physical_name(stack_name, logical_id, max_len=255)
    before = dynamodb._tables.get(name)  # noqa: SLF001
    made = _make_table(logical_id, props, stack_name)
    if before is not None:
        # As with log groups.
        dynamodb._tables[name]["items"] = before["items"]  # noqa: SLF001
    return made


provisioners._physical_name = physical_name  # noqa: SLF001
_log_groups = provisioners._RESOURCE_HANDLERS["AWS::Logs::LogGroup"]  # noqa: SLF001
_make_log_group = _log_groups["create"]
_log_groups["create"] = make_log_group
_tables = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]  # noqa: SLF001
_make_table = _tables["create"]
_tables["create"] = make_table
for module in (stacks, handlers, changesets):
    for known, better in (
        ("_deploy_stack_async", deploy_stack),
        ("_delete_stack_async", delete_stack),
        ("_delete_resource", delete_resource),
    ):
        if hasattr(module, known):
            setattr(module, known, better)

if __name__ == "__main__":
    main()
