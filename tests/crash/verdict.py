"""What must hold after any death, judged from the evidence alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import product

from airlock.grants.life import exemption_of
from airlock.install.names import bootstrap_object_arns
from airlock.policy.check import opens
from airlock.policy.document import parse_document
from airlock.policy.evaluate import Request, denied
from airlock.policy.exemption import Exemption
from airlock.policy.place import PolicyPlace
from airlock.policy.render import render
from airlock.policy.requests import Fetch
from airlock.policy.truth import Truth
from tests.crash.afterlife import Afterlife, Look
from tests.crash.scenarios import OTHER_VPC, Stage
from tests.policy.strategies import STRANGER
from tests.reconcile.account import REGION
from tests.reconcile.trail import lines_of, troubles

PUBLIC = "198.51.100.7"
LAST = {
    *("close", "end-unopened", "expire", "reject", "unanswered"),
    *("refuse", "nothing-to-open", "observe-end"),
}
"""Decisions that end a grant."""


def problems(stage: Stage, life: Afterlife) -> list[str]:
    """All that isn't as it must be, in words; empty where all is well."""
    found = [*life.errors]
    for look in life.looks:
        found += _during(stage, life.looks[0], look)
    # By the second sweep a dead process's lease has run out.
    found += [f"{look.after}: a lease is in the way still" for look in life.looks[-2:] if not look.settled]
    found += _at_the_end(stage, life)
    found += _on_record(life)
    return [f"after {' and '.join(map(str, life.deaths))}: {problem}" for problem in found]


# While grants may be open ------------------------------------------------------------------------------------------


def _during(stage: Stage, at_death: Look, look: Look) -> Iterator[str]:
    """Never wider than the open grants allow, nor past their time; and as they want it once a sweep could work."""
    for place, baseline in stage.baselines.items():
        text = look.texts[place]
        if text is None:
            yield f"{look.after}: {place} is gone"
            continue
        wanted = tuple(_wanted(stage, place, look))
        # Until a sweep can work, what was open at the moment of death may stay so.
        allowed = wanted if look.settled else (*wanted, *_held(stage, place, at_death), *_held(stage, place, look))
        wide = too_wide(baseline, text, frozenset(allowed), _net(stage, place), tuple(_moments(look)))
        if wide:
            yield f"{look.after}: {place} lets through what no open grant allows: {wide}"
        if look.settled and text != render(baseline, wanted, look.at, shared=place.shared):
            names = [one.objects for one in wanted]
            yield f"{look.after}: {place} should be open for {names} and nothing else, but holds {text}"


def _moments(look: Look) -> Iterator[datetime]:
    """The moments that tell what a text lets through from now on: each end to come, and the second after it."""
    ends = {grant.facts.not_after for grant in look.grants if grant.facts.not_after > look.at}
    yield from sorted(end + timedelta(seconds=late) for end in ends for late in (0, 1))
    if not ends:
        yield look.at


def _wanted(stage: Stage, place: PolicyPlace, look: Look) -> Iterator[Exemption]:
    """What shall be open in a policy, by what the ledger knows of installs, answers and orders."""
    for grant in look.grants:
        over = grant.facts.ended or grant.close_order or look.at >= grant.facts.not_after
        answered = not stage.by_approval or (grant.answer is not None and grant.answer.approved)
        if answered and not over and grant.facts.principal in stage.concerned[place]:
            yield exemption_of(grant.facts, grant.progress.form)


def _held(stage: Stage, place: PolicyPlace, look: Look) -> Iterator[Exemption]:
    for grant in look.grants:
        if grant.progress.exemption and grant.facts.principal in stage.concerned[place]:
            yield grant.progress.exemption


@dataclass(frozen=True, slots=True)
class Net:
    """What requests are tried: each principal's, for each object, from each network.

    Attributes:
        principals: ARNs.
        objects: ARNs.
        vpcs: VPC IDs; a public address is tried besides.
    """

    principals: tuple[str, ...]
    objects: tuple[str, ...]
    vpcs: tuple[str, ...]

    def requests(self, moment: datetime) -> Iterator[Request]:
        """All the requests at one moment."""
        for principal, arn in product(self.principals, self.objects):
            fetch = Fetch(arn, principal, moment, complete=True)
            read = [fetch.from_address(PUBLIC), *(fetch.from_vpc(vpc, private_ip="10.0.0.5") for vpc in self.vpcs)]
            yield from read
            yield replace(read[-1], action="s3:PutObject")
            yield fetch.kms_call(REGION)


def _net(stage: Stage, place: PolicyPlace) -> Net:
    installs = stage.installs.values()
    objects = [arn for one in installs for arn in bootstrap_object_arns(one.infra_id, "aws", None)]
    everybody = {one.principal: None for one in installs} | {STRANGER: None} if place.shared else [place.holder]
    return Net(tuple(everybody), (*objects, f"{objects[0]}x"), (OTHER_VPC, *(one.vpc for one in installs)))


@lru_cache(maxsize=10_000)
def too_wide(
    baseline: str, text: str, allowed: frozenset[Exemption], net: Net, moments: tuple[datetime, ...]
) -> str | None:
    """A request that the baseline denies, the text doesn't, and no exemption takes in; None where there is none."""
    before, after = parse_document(baseline), parse_document(text)
    for moment in moments:
        for request in net.requests(moment):
            lets_in = denied(before, request).truth is Truth.TRUE and denied(after, request).truth is not Truth.TRUE
            if lets_in and not any(opens(one, request, moment) for one in allowed):
                keys = {key: values for key, values in request.context.keys.items() if values}
                return f"{request.action} on {request.resource} with {keys}"
    return None


# When all is over ---------------------------------------------------------------------------------------------------


def _at_the_end(stage: Stage, life: Afterlife) -> Iterator[str]:
    last = life.looks[-1]
    for place, baseline in stage.baselines.items():
        if last.texts[place] != baseline:
            yield f"in the end {place} holds {last.texts[place]}"
    yield from (f"{grant.id} is {grant.progress.state} in the end" for grant in last.grants if not grant.is_final)
    # One that has run out may be left where nobody has had anything to do since: whoever comes next takes it.
    if last.is_leased(last.at):
        yield "somebody holds a lease in the end"
    for item in last.items:
        name = item["pk"]["S"]
        content = json.loads(item["content"]["S"]) if name.startswith("scope#") else {}
        if content.get("grants") or content.get("policies"):
            yield f"{name} isn't empty in the end: {item['content']['S']}"
        if "open" in item:
            yield f"{name} is listed as open in the end"
    for place, before in stage.versions.items():
        after = life.versions[place]
        # Where all five places are taken, old versions have to go: one to open, and one more to narrow.
        spared = max(0, min(2, len(before) - 3))
        if not set(after) <= set(before) or after[-1] != before[-1] or len(after) < len(before) - spared:
            yield f"{place} had the versions {before}, and has {after}"


def _on_record(life: Afterlife) -> Iterator[str]:
    """The audit trail has a line for each write that IAM took, one for each grant's end, and no gap."""
    yield from troubles(lines_of(life.trail), life.looks[-1].grants)
    lines = [line for line in life.audit if line["kind"] == "policy-write" and line["outcome"] != "failed"]
    told = Counter((line["policy"]["holder"], line["policy"]["name"], line["after_sha256"]) for line in lines)
    taken = Counter((place.holder, place.name, sha256) for place, sha256 in life.taken)
    for (holder, name, sha256), times in taken.items():
        if told[holder, name, sha256] < times:
            known = told[holder, name, sha256]
            yield f"IAM took {sha256[:8]} for {name} of {holder} {times} times, of which {known} are on record"
    ended = {line["grant"] for line in life.audit if line["kind"] == "decision" and line["decision"] in LAST}
    yield from (f"the audit trail has no end of {one.id}" for one in life.looks[-1].grants if one.id not in ended)
