"""What the ports raise, and what it means for whoever called."""

from __future__ import annotations


class RefusedByIamError(Exception):
    """IAM won't take a write, and won't later: it isn't allowed, or the text isn't one that IAM accepts."""


class LeaseBusyError(Exception):
    """Another writer holds the policies; the event should come again later."""


class ConflictError(Exception):
    """A grant's progress changed under our hands; the event should come again."""


class PrincipalGoneError(Exception):
    """IAM knows no such user or role (any more)."""


class ThrottledError(Exception):
    """AWS turned a call away for there being too many, and did nothing; it may be made again."""


class OldReadError(Exception):
    """IAM showed what can't be any more, some seconds after a write; a later look will do."""


class LedgerTooNewError(Exception):
    """A newer release wrote this into the ledger; reading it as if it were older could lose what it says."""
