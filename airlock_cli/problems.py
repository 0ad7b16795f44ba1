"""What the command line says when the input is wrong."""

from __future__ import annotations


class InputError(Exception):
    """Something given on the command line can't be used; the message says what, where, and what to do."""
