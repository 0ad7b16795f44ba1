"""Bills of materials in CycloneDX: one of the account, one of the deployer's machine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from infra.powertools import LAYER_NAME, LAYER_VERSION
from supply.parts import PROJECT, Part, Place, at_hand, in_account

_SCHEMA: Final = SchemaVersion.V1_6
_PLACE: Final = "airlock:place"


class InvalidBillError(Exception):
    """What was made isn't valid CycloneDX; that is this program's fault."""


def of_account(moment: datetime) -> str:
    """Write the bill of what runs in an account.

    The asset's packages come with their files and SHA-256, so that a deployed zip can be held against it. The layer
    and the runtime are components that hold others; AWS chooses the versions that are left out there.
    """
    parts = in_account()
    asset = [_component(part) for part in parts if part.place is Place.ASSET]
    layer = Component(
        name=LAYER_NAME,
        version=str(LAYER_VERSION),
        description="AWS's public Powertools layer, named by its version in the template",
        components=[_component(part) for part in parts if part.place is Place.LAYER],
    )
    runtime = Component(
        name="AWS Lambda runtime",
        type=ComponentType.PLATFORM,
        description="provided by AWS, which renews it by itself",
        components=[_component(part) for part in parts if part.place is Place.RUNTIME],
    )
    own = next(one for one in asset if one.name == PROJECT)
    own.type = ComponentType.APPLICATION
    others = [one for one in asset if one is not own]
    return _written(own, [*others, _at(Place.LAYER, layer), _at(Place.RUNTIME, runtime)], moment)


def of_machine(moment: datetime) -> str:
    """Write the bill of what runs on the deployer's machine: the pinned requirements."""
    own = Component(
        name=PROJECT,
        version=version(PROJECT),
        type=ComponentType.APPLICATION,
        licenses=[DisjunctiveLicense(id="Apache-2.0")],
    )
    return _written(_at(Place.MACHINE, own), [_component(part) for part in at_hand()], moment)


def _component(part: Part) -> Component:
    files = [
        Component(
            name=name,
            type=ComponentType.FILE,
            bom_ref=f"file/{name}",
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
        )
        for name, digest in part.files
    ]
    # This project and Python itself are on no package index.
    listed = part.name not in {PROJECT, "python"}
    component = Component(
        name=part.name,
        version=part.version,
        licenses=[_licence(part.licence)],
        purl=PackageURL("pypi", name=part.name, version=part.version) if listed else None,
        components=files,
    )
    return _at(part.place, component)


def _at(place: Place, component: Component) -> Component:
    component.bom_ref.value = f"{place}/{component.name}"
    component.scope = ComponentScope.REQUIRED
    component.properties.add(Property(name=_PLACE, value=place.value))
    return component


def _licence(expression: str) -> DisjunctiveLicense | LicenseExpression:
    return LicenseExpression(expression) if " " in expression else DisjunctiveLicense(id=expression)


def _written(own: Component, components: Iterable[Component], moment: datetime) -> str:
    bom = Bom(components=components)
    bom.metadata.component = own
    bom.metadata.timestamp = moment.astimezone(UTC)
    bom.register_dependency(own, bom.components)
    # The same contents at the same moment give the same bill.
    bom.serial_number = uuid5(NAMESPACE_URL, f"{own.bom_ref.value} {moment.isoformat()} {_contents(bom)}")
    text: str = JsonV1Dot6(bom).output_as_string(indent=2)
    if problem := JsonStrictValidator(_SCHEMA).validate_str(text):
        raise InvalidBillError(str(problem)[:500])
    return text + "\n"


def _contents(bom: Bom) -> list[str]:
    own = [bom.metadata.component] if bom.metadata.component else []
    return sorted(
        f"{one.bom_ref.value} {one.version} {[str(found.content) for found in one.hashes]}"
        for top in [*own, *bom.components]
        for one in [top, *top.get_all_nested_components()]
    )
