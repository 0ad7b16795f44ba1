"""How far grants open, in plain words, and how an operator says it."""

from __future__ import annotations

from airlock.grants.approval import Form
from airlock.grants.grant import Grant
from airlock.messages.wider import flags_of, widenings_of
from airlock.policy.ladder import Widening

_WORDS = {
    Form.SCOPED: "scoped",
    Form.ANY_NETWORK: "wider than asked: from any network",
    Form.ANY_ACTION: "wider than asked: any action on the objects",
    Form.ANY_NETWORK_OR_ACTION: "wider than asked: any action on the objects from any network",
    Form.LIFTED: "lifted",
}


def form_words(form: Form) -> str:
    """How far a form opens, in a few words."""
    return _WORDS[form]


def words_of(grant: Grant) -> str:
    """How far a grant opens by now; one that couldn't be narrowed to its VPC is wider than its form says."""
    return form_words(Form.of(widenings_of(grant)))


def said_form(*, any_network: bool, any_action: bool, lift: bool) -> Form:
    """The form that is said by the command line's flags; a lift takes in all others."""
    if lift:
        return Form.LIFTED
    said = {Widening.NETWORK: any_network, Widening.ACTIONS: any_action}
    return Form.of(widening for widening, is_said in said.items() if is_said)


def missing_flags(said: Form, asked: Form) -> tuple[str, ...]:
    """What has to be said besides, for an approval of what is asked."""
    return () if said.covers(asked) else tuple(flag for flag in flags_of(asked) if flag not in flags_of(said))
