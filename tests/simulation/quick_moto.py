"""moto, quick enough for a day of a thousand installs. It answers the same; it only does less to get there.

What makes moto slow here, as measured with four thousand items in the ledger; the latter two in small tests as well:

- each transaction copies the whole table, once for each of its writes (``DynamoDBBackend.transact_write_items``): a
  second and more, against some milliseconds for the writes themselves;
- each query of an index sorts the whole table by its keys before it picks what it wants, and sorts that once more
  (``Table.all_items``): a tenth of a second;
- each call is held against the address patterns of all services (``BotocoreStubber``), looks its method up by
  inspecting a class anew (``method_names_from_class``), and has its update expression parsed twice
  (``UpdateExpressionParser.make``): a quarter of a call;
- each attribute of an item in an answer is looked for under every name that it could have, for each of the ten types
  that it could be of (``ResponseSerializer``): another fifth.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

from moto import backend_index, mock_aws
from moto.core import responses
from moto.core.model import StructureShape
from moto.core.serialize import BaseJSONSerializer
from moto.core.utils import method_names_from_class
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing.expressions import UpdateExpressionParser  # type: ignore[attr-defined]  # moto doesn't type it

SERVICES = ("dynamodb", "iam", "logs", "sns")


@contextmanager
def quick_moto(services: Sequence[str] = SERVICES) -> Iterator[None]:
    """Let moto stand in for these services, in a hurry."""
    patterns = [(service, pattern) for service, pattern in backend_index.backend_url_patterns if service in services]
    with ExitStack() as stack:
        stack.enter_context(less_for_each_call())
        for target, name, quick in (
            (backend_index, "backend_url_patterns", patterns),
            (Table, "all_items", _all_items),
            (DynamoDBBackend, "transact_write_items", _transact_write_items),
        ):
            stack.enter_context(patch.object(target, name, quick))
        stack.enter_context(mock_aws())
        yield


@contextmanager
def less_for_each_call() -> Iterator[None]:
    """Spare moto what no call needs, whatever the test: all services are there, and items come in moto's own order."""
    usual_first = sorted(backend_index.backend_url_patterns, key=lambda one: one[0] not in SERVICES)
    with ExitStack() as stack:
        for target, name, quick in (
            (backend_index, "backend_url_patterns", usual_first),
            (responses, "method_names_from_class", _method_names),
            # Whoever changes what was parsed copies it first (moto.dynamodb.parsing.validators.Validator).
            (UpdateExpressionParser, "make", _parsed),
            (BaseJSONSerializer, "_serialize_type_structure", _serialize_structure),
        ):
            stack.enter_context(patch.object(target, name, quick))
        yield


_method_names = cache(method_names_from_class)
_parsed = cache(UpdateExpressionParser.make)


def _all_items(table: Table) -> list[Any]:
    """Every item, unsorted: whoever asks here picks some of them and sorts those. No scan is ever made."""
    return [item for by_range in table.items.values() for item in by_range.values()]


_serialize = BaseJSONSerializer._serialize_type_structure  # noqa: SLF001 - what is made quick


def _serialize_structure(
    serializer: BaseJSONSerializer,
    serialized: Any,  # noqa: ANN401 - moto's
    value: Any,  # noqa: ANN401 - moto's
    shape: StructureShape,
    key: str,
) -> None:
    """Take an attribute's value as it is: ``{"S": "text"}`` is what moto holds and what DynamoDB sends."""
    if shape.name == "AttributeValue":
        serialized[key] = value
    else:
        _serialize(serializer, serialized, value, shape, key)


_transact = DynamoDBBackend.transact_write_items


def _transact_write_items(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    """Let moto make the transaction on a table that holds nothing but its items, and take over what comes of it."""
    (name,) = {operation["TableName"] for item in transact_items for operation in item.values()}
    keys = [
        (DynamoType(operation["Key"]["pk"]), DynamoType(operation["Key"]["sk"]))
        for item in transact_items
        for operation in item.values()
    ]
    whole = backend.tables[name]
    backend.tables[name] = _Part.of(whole, keys)
    try:
        _transact(backend, transact_items)
    finally:
        done, backend.tables[name] = backend.tables[name], whole
    for pk, sk in keys:
        whole.items[pk][sk] = done.items[pk][sk]


class _Part(Table):
    """Copies of some items of a table. moto's own copy of it, to go back to, isn't needed: it is thrown away."""

    @classmethod
    def of(cls, table: Table, keys: list[tuple[DynamoType, DynamoType]]) -> _Part:
        """Make it of the items with these keys, as far as there are such."""
        part = object.__new__(cls)
        part.__dict__.update(table.__dict__, items=defaultdict(dict))
        for pk, sk in keys:
            item = table.items[pk].get(sk)
            if item is not None:
                part.items[pk][sk] = copy.deepcopy(item)
        return part

    def __deepcopy__(self, memo: dict[int, Any]) -> _Part:
        return self
