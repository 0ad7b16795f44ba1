"""Reads a synthesised template the way a test asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

Resource = dict[str, Any]


@dataclass(frozen=True)
class Template:
    """A CloudFormation template and the folder that it was synthesised into."""

    body: dict[str, Any]
    path: Path

    def resources(self, kind: str) -> dict[str, Resource]:
        """All resources of a type, by logical ID."""
        return {name: found for name, found in self.body["Resources"].items() if found["Type"] == kind}

    def only(self, kind: str) -> str:
        """The logical ID of the one resource of a type."""
        (name,) = self.resources(kind)
        return name

    def within(self, construct: str, kind: str) -> str:
        """The logical ID of the one resource of a type that a construct of the stack holds."""
        (name,) = (name for name in self.resources(kind) if name.startswith(construct))
        return name

    def properties(self, name: str) -> dict[str, Any]:
        """The properties of a resource, by logical ID."""
        properties: dict[str, Any] = self.body["Resources"][name]["Properties"]
        return properties

    def function(self, name: str) -> str:
        """The logical ID of a function, by the name of its handler's module."""
        handler = f"airlock.handlers.{name}.handle"
        functions = self.resources("AWS::Lambda::Function")
        (found,) = (key for key, one in functions.items() if one["Properties"]["Handler"] == handler)
        return found

    def statements(self, role: str) -> dict[str, dict[str, Any]]:
        """What a role's inline policies allow: the statements by Sid, actions and resources made lists."""
        return self._statements(role, "Allow")

    def denials(self, role: str) -> dict[str, dict[str, Any]]:
        """What a role's inline policies deny, in the same form."""
        return self._statements(role, "Deny")

    def _statements(self, role: str, effect: str) -> dict[str, dict[str, Any]]:
        found = {}
        for policy in self.properties(role)["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                listed = {key: as_list(statement[key]) for key in ("Action", "Resource")}
                if statement["Effect"] == effect:
                    found[statement["Sid"]] = {**statement, **listed}
        return found

    def variables(self, name: str) -> dict[str, Any]:
        """A function's environment."""
        return dict(self.properties(self.function(name))["Environment"]["Variables"])

    def role_of(self, name: str) -> dict[str, Any]:
        """A function's role, as the template refers to it."""
        return dict(self.properties(self.function(name))["Role"])

    def function_statements(self, name: str) -> dict[str, dict[str, Any]]:
        """The statements of a function's role by Sid."""
        role: str = self.properties(self.function(name))["Role"]["Fn::GetAtt"][0]
        return self.statements(role)


def as_list(value: Any) -> list[Any]:  # noqa: ANN401 - a JSON value of any kind
    """Make a scalar a list of one."""
    return value if isinstance(value, list) else [value]


def arn_of(name: str) -> dict[str, list[str]]:
    """The reference to a resource's ARN, as a template writes it."""
    return {"Fn::GetAtt": [name, "Arn"]}


def of_kinds(*kinds: str) -> dict[str, Any]:
    """The condition that holds a call to items of these kinds, and has it name one."""
    return {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(kinds)},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
