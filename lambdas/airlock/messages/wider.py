"""In what an opening is wider than asked, in words: nothing is wider silently."""

from __future__ import annotations

from airlock.grants.approval import Form
from airlock.grants.grant import Grant
from airlock.grants.life import is_unnarrowed
from airlock.messages.layout import free_text, wrapped
from airlock.messages.voice import Voice
from airlock.policy.ladder import Widening

WHY_LIMIT = 200
"""Characters of the reason in a message; the grant has all of it."""
_FLAGS = {Widening.NETWORK: "--any-network", Widening.ACTIONS: "--any-action", Widening.LIFT: "--lift"}


def widenings_of(grant: Grant) -> frozenset[Widening]:
    """In what a grant is wider than asked: by its form, or because it couldn't be narrowed to the install's VPC."""
    return grant.progress.form.widenings | ({Widening.NETWORK} if is_unnarrowed(grant) else frozenset())


def why_wider(grant: Grant) -> str | None:
    """Why it is wider than asked, in English: what stood in the exact form's way, and in that of a narrowing."""
    progress = grant.progress
    unnarrowed = widenings_of(grant) != progress.form.widenings
    # An open grant's detail says why it couldn't be brought to what later signals told.
    return "; ".join(filter(None, (progress.why_wider, progress.detail if unnarrowed else None))) or None


def is_wider(grant: Grant) -> bool:
    """Whether it is wider than asked; a lift isn't where the configuration asks for nothing else."""
    asked_to_lift = grant.progress.form is Form.LIFTED and grant.progress.why_wider is None
    return bool(widenings_of(grant)) and not asked_to_lift


def wider_lines(voice: Voice, grant: Grant, *, says_why: bool = True) -> list[str]:
    """What is let through beyond what was asked, and why no tighter form would do; nothing where it is as asked.

    Args:
        voice: whose language is spoken.
        grant: of which it is told.
        says_why: whether to say why; the reason is in English, whatever the language.
    """
    if not is_wider(grant):
        return []
    found, why = widenings_of(grant), why_wider(grant)
    # What a lift lets through is told, louder, by what it opens.
    keys = [f"wider.{one}" for one in Widening if one in found and one is not Widening.LIFT]
    lines = [line for key in keys for line in voice.lines(key)]
    reason = wrapped(voice.say("wider.why", why=free_text(why, WHY_LIMIT)), "  ") if why and says_why else []
    return [voice.say("wider"), *(f"  {line}" for line in lines), *reason]


def flags_of(form: Form) -> tuple[str, ...]:
    """What has to be said to the command line with an approval of this form, so that nobody approves it by habit."""
    return tuple(_FLAGS[one] for one in Widening if one in form.widenings)


def approve_command(grant_id: str, form: Form) -> str:
    """The command that approves a grant."""
    return " ".join(("airlock approve", grant_id, *flags_of(form)))
