"""``airlock report``: one HTML file for whoever has to be shown what was open, for whom, and on whose word."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import jinja2
from markupsafe import Markup

from airlock.grants.approval import Form
from airlock.grants.grant import Grant, State
from airlock.messages.wider import why_wider, widenings_of
from airlock.policy.exemption import iso
from airlock.policy.ladder import Widening, what_it_adds
from airlock.reconcile.chain import hash_of
from airlock_cli.operators import output as output_file
from airlock_cli.operators.account import an_account
from airlock_cli.operators.chain import Branch, Chain, follow
from airlock_cli.operators.chain import words_of as chain_words
from airlock_cli.operators.difference import difference
from airlock_cli.operators.forms import form_words, words_of
from airlock_cli.operators.moments import length, moment_since
from airlock_cli.operators.options import Options, checked_name
from airlock_cli.operators.page import Page, clean, put_json
from airlock_cli.operators.story import network_of, story_of
from airlock_cli.operators.trail import Line, grants_of
from airlock_cli.problems import CommandError, InputError

TEMPLATE = "report.html.j2"


@dataclass(frozen=True, kw_only=True)  # without slots, which cached properties can't have
class Matter:
    """What a report is about.

    Attributes:
        stack: which airlock.
        region: where that is.
        log_group: where the audit lines stand.
        title: in a few words.
        made_at: when it was read.
        grants: the newest first.
        lines: the audit lines, in the order of time.
    """

    stack: str
    region: str
    log_group: str
    title: str
    made_at: datetime
    grants: Sequence[Grant]
    lines: Sequence[Line]

    @cached_property
    def lines_by_grant(self) -> Mapping[str, Sequence[Line]]:
        """The audit lines of each grant, in the order of time; a line of several grants is in each one's."""
        found: dict[str, list[Line]] = {grant.id: [] for grant in self.grants}
        for line in self.lines:
            for name in grants_of(line) & found.keys():
                found[name].append(line)
        return found

    @cached_property
    def chains(self) -> Mapping[str, Chain]:
        """What following each grant's lines came to."""
        return {grant.id: follow(grant, self.lines_by_grant[grant.id]) for grant in self.grants}

    @property
    def broken(self) -> Sequence[str]:
        """IDs of the grants whose lines are known not to be all there, or to be others than were written."""
        return [name for name, chain in self.chains.items() if not chain.is_whole]

    @property
    def branches(self) -> Mapping[str, Sequence[Branch]]:
        """The lines that nothing follows, of the grants that have such."""
        return {name: chain.branches for name, chain in self.chains.items() if chain.branches}


def report(  # noqa: PLR0913 - what the command line may say
    options: Options, name: str | None, since: str | None, output: Path, *, force: bool, as_json: bool
) -> None:
    """Write a report of one grant, or of all that were requested since a moment.

    Raises:
        InputError: neither or both are given, or the file can't be written or would be overwritten.
        CommandError: it is written, but a chain of audit lines is broken.
    """
    if (name is None) == (since is None):
        raise InputError("give either a GRANT or --since WHEN.\nSee airlock report --help.")
    if name is not None:
        checked_name(name)
    output_file.check(output, force=force)
    matter = _read(options, name, since)
    output_file.write(output, html_of(matter), force=force)
    told: dict[str, object] = {
        "output": str(output),
        "grants": len(matter.grants),
        "audit_lines": len(matter.lines),
        "broken_chains": matter.broken,
        "branches": {name: [one.as_json() for one in found] for name, found in matter.branches.items()},
    }
    if matter.broken:
        raise CommandError(
            f"{output} is written, but audit lines of {', '.join(matter.broken)} are missing, were altered or are out "
            "of place; it says which.\n"
            "CloudWatch shows a new line after some seconds, and drops old ones after the log group's retention: if "
            "it is neither, find out in CloudTrail who had to do with the log group.",
            "chain-broken",
            told,
        )
    if as_json:
        put_json(told)
    else:
        _tell(Page(), output, matter)


def _tell(page: Page, output: Path, matter: Matter) -> None:
    chains = "no chain broken, but not each line in one" if matter.branches else "each chain whole"
    page.line(f"{output}: {len(matter.grants)} grants, {len(matter.lines)} audit lines, {chains}.")
    for name, branches in matter.branches.items():
        page.line(f"Nothing follows these lines of {name}:", "yellow", 2)
        for branch in branches:
            page.line(str(branch), indent=4)
    if matter.branches:
        page.line("The report tells who may have written them.", indent=2)


def html_of(matter: Matter) -> str:
    """The report as HTML that needs nothing else: no script, no picture, no style sheet from elsewhere."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters["iso"] = iso
    return environment.get_template(TEMPLATE).render(
        matter=matter,
        version=version("bootstrap-airlock"),
        totals=totals_of(matter),
        stories={grant.id: story_of(grant) for grant in matter.grants},
        other_lines=[line for line in matter.lines if not grants_of(line) & matter.lines_by_grant.keys()],
        text_of=_text,
        hash_of=hash_of,
        chain_words=chain_words,
        difference=difference,
        network_of=network_of,
        lifted=Form.LIFTED,
        words_of=words_of,
        why_wider=why_wider,
        form_words=form_words,
        what_it_adds=_what_it_adds,
    )


def _what_it_adds(grant: Grant) -> list[str]:
    """What a grant lets through beyond what was asked, a sentence for each way in which it is wider."""
    found = widenings_of(grant)
    return [what_it_adds(one) for one in Widening if one in found]


def totals_of(matter: Matter) -> list[tuple[str, str]]:
    """What the grants add up to, as pairs of a name and a number or a time."""

    def count(holds: Callable[[Grant], object]) -> str:
        return str(sum(1 for grant in matter.grants if holds(grant)))

    spans = [_open_for(grant, matter.made_at) for grant in matter.grants]
    writes = [line for line in matter.lines if line.get("kind") == "policy-write"]
    return [
        ("Grants requested", str(len(matter.grants))),
        ("Opened", count(lambda grant: grant.progress.opened_at)),
        (
            "Opened wider than asked, the deny not lifted",
            count(lambda one: one.progress.opened_at and widenings_of(one) - {Widening.LIFT}),
        ),
        (
            "Opened with the whole deny lifted",
            count(lambda one: one.progress.opened_at and one.progress.form is Form.LIFTED),
        ),
        ("Open when this was made", count(lambda grant: grant.progress.state in (State.OPEN, State.CLOSING))),
        ("Refused by the airlock", count(lambda grant: grant.progress.state is State.REFUSED)),
        ("Approved by somebody", count(lambda grant: grant.answer and grant.answer.approved)),
        ("Rejected by somebody", count(lambda grant: grant.answer and not grant.answer.approved)),
        ("Open in all", length(sum(spans, timedelta()).total_seconds())),
        ("Open at the longest", length(max(spans, default=timedelta()).total_seconds())),
        ("Policy writes", str(len(writes))),
        (
            "Policy writes that restored the baseline",
            str(sum(1 for line in writes if line.get("outcome") == "restored")),
        ),
        ("Policy writes that failed", str(sum(1 for line in writes if line.get("outcome") == "failed"))),
        ("Edits by others while open", str(sum(1 for line in matter.lines if line.get("kind") == "drift"))),
        ("Audit lines", str(len(matter.lines))),
        ("Grants whose chain of audit lines is broken", str(len(matter.broken))),
        ("Audit lines that nothing follows", str(sum(len(found) for found in matter.branches.values()))),
    ]


def _open_for(grant: Grant, now: datetime) -> timedelta:
    opened = grant.progress.opened_at
    if opened is None:
        return timedelta()
    # IAM denies again at the not-after time, whether or not the policy is back by then.
    return max(min(grant.progress.closed_at or now, grant.facts.not_after) - opened, timedelta())


def _read(options: Options, name: str | None, since: str | None) -> Matter:
    with an_account(options) as account:
        now = account.clock.now()
        if name is not None:
            grants = [account.records.named(name)]
            lines = account.trail.of(grants[0])
            title = f"Grant {grants[0].id}"
        else:
            start = moment_since(since or "", now)
            grants = account.records.since(start)
            lines = account.trail.since(start)
            title = f"Grants from {iso(start)} to {iso(now)}"
        return Matter(
            stack=options.stack,
            region=account.session.region_name,
            log_group=account.trail.group,
            title=title,
            made_at=now,
            grants=grants,
            lines=lines,
        )


def _shown(value: object) -> object:
    """What becomes of a value before it is escaped; the template's own markup is left as it is."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _text(line: Line) -> str:
    """A line as it was written; what can't be seen is escaped, as JSON has it, so that nothing can hide.

    It isn't read and written anew: that would hide a key that stands there twice.
    """
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in line.text)
