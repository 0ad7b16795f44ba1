"""What is known of a request's condition keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

Values = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """The condition keys of a request: each known with its values, known to be absent, or unknown.

    Made by `Context.of`. Key names are matched without regard to case, as IAM does.

    Attributes:
        keys: by key in lower case, its values; the empty tuple for a key that is absent (a key without a value is as
            good as absent to IAM), None for one that is unknown even though the context is complete.
        complete: keys that aren't named are absent; otherwise they are unknown.
    """

    keys: MappingProxyType[str, tuple[str, ...] | None]
    complete: bool = False

    @classmethod
    def of(
        cls,
        present: Mapping[str, Values] | None = None,
        *,
        absent: Iterable[str] = (),
        unknown: Iterable[str] = (),
        complete: bool = False,
    ) -> Context:
        """Make a context.

        Args:
            present: keys with their value, or their values for a multivalued key.
            absent: keys that the request is known not to carry.
            unknown: keys that nothing is known of; of use only where ``complete``.
            complete: whether keys that aren't named here are absent.
        """
        return cls(_with({}, present, absent, unknown), complete)

    def having(
        self, present: Mapping[str, Values] | None = None, *, absent: Iterable[str] = (), unknown: Iterable[str] = ()
    ) -> Context:
        """Give a context that says the same but for the keys named here; the arguments are those of `of`."""
        return Context(_with(self.keys.copy(), present, absent, unknown), self.complete)

    def values_of(self, key: str) -> tuple[str, ...] | None:
        """Give a key's values: the empty tuple where it is absent, None where it is unknown."""
        return self.keys.get(key.lower(), () if self.complete else None)

    def __hash__(self) -> int:
        return hash((frozenset(self.keys.items()), self.complete))


def _with(
    keys: dict[str, tuple[str, ...] | None],
    present: Mapping[str, Values] | None,
    absent: Iterable[str],
    unknown: Iterable[str],
) -> MappingProxyType[str, tuple[str, ...] | None]:
    for key, values in (present or {}).items():
        keys[key.lower()] = (values,) if isinstance(values, str) else tuple(values)
    for key in absent:
        keys[key.lower()] = ()
    for key in unknown:
        keys[key.lower()] = None
    return MappingProxyType(keys)
