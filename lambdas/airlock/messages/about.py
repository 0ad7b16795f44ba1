"""What every message says of its grant: who, which install, where."""

from __future__ import annotations

from airlock.grants.grant import Facts, Grant
from airlock.messages.layout import cluster_of, free_text
from airlock.messages.voice import Voice
from airlock.messages.wider import why_wider, widenings_of

SCHEMA = 1
"""Of the messages' data; a higher number means that a field has another meaning, not that there is one more."""


def about_lines(voice: Voice, facts: Facts) -> list[str]:
    """Who installs which cluster in which account."""
    return voice.lines(
        "about.known-region" if facts.regions else "about.no-region",
        principal=facts.principal,
        cluster=cluster_of(facts.infra_id),
        infra_id=facts.infra_id,
        account=facts.account,
        region=", ".join(sorted(facts.regions)),
        grant=facts.id,
    )


def about_data(kind: str, grant: Grant) -> dict[str, object]:
    """The same for machines, with how wide it is: the form that was chosen, and in what it is wider than asked."""
    facts, why = grant.facts, why_wider(grant)
    return {
        "schema": SCHEMA,
        "kind": kind,
        "grant": facts.id,
        "account": facts.account,
        "regions": sorted(facts.regions),
        "principal": facts.principal,
        "cluster": cluster_of(facts.infra_id),
        "infra_id": facts.infra_id,
        "form": str(grant.progress.form),
        "wider": sorted(map(str, widenings_of(grant))),
        "why_wider": free_text(why) if why else None,
    }


def attributes_of(kind: str, grant: Grant) -> dict[str, str]:
    """By what subscribers filter."""
    facts = grant.facts
    return {
        "kind": kind,
        "grant": facts.id,
        "principal": facts.principal,
        "infra_id": facts.infra_id,
        "form": str(grant.progress.form),
    }
