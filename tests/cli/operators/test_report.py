"""The report: one file that needs nothing else, tells everything, and lets nobody's text become markup."""

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from airlock_cli.operators.report import Matter, html_of, totals_of
from airlock_cli.operators.trail import Line
from tests.cli.operators import samples
from tests.cli.operators.conftest import Desk

VOID = {"meta", "br"}
ALLOWED = {
    *("html", "head", "title", "style", "body", "header", "main", "footer", "section", "h1", "h2", "h3", "p", "table"),
    *(
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "time",
        "a",
        "pre",
        "code",
        "ins",
        "del",
        "span",
        "ol",
        "li",
        "small",
    ),
    *VOID,
}


class Page(HTMLParser):
    """A report as a browser would read it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.items: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember a tag; what is inside must end before it does."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "code" and "li" in self.open:
            self.items.append("")

    def handle_endtag(self, tag: str) -> None:
        """End the innermost element."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collect the text, and that of audit lines apart."""
        self.text += data
        if "code" in self.open and "li" in self.open:
            self.items[-1] += data

    def named(self, tag: str) -> Iterator[dict[str, str | None]]:
        """The attributes of all elements of a name."""
        return (attributes for one, attributes in self.tags if one == tag)


@pytest.fixture
def page(busy: Desk, tmp_path: Path) -> Page:
    """The report of the last week, in which somebody wrote a hostile note."""
    output = tmp_path / "report.html"
    done = busy.run("report", "--since", "7d", "--output", output)
    assert (done.status, done.err) == (0, "")
    assert done.words == f"{output}: 4 grants, 4 audit lines, each chain whole."
    return Page(output.read_text(encoding="utf-8"))


def test_it_needs_nothing_else(page: Page) -> None:
    """No script, no form, no picture, nothing loaded, no event handler; links lead to its own parts alone."""
    assert {tag for tag, _ in page.tags} <= ALLOWED
    for tag, attributes in page.tags:
        assert not {"src", "srcset", "action", "background", "style"} & attributes.keys()
        assert not any(name.startswith("on") for name in attributes)
        if "href" in attributes:
            assert tag == "a"
            assert str(attributes["href"]).startswith("#")
    style = re.search(r"<style>(.*?)</style>", page.html, re.DOTALL)
    assert style is not None
    assert not re.search(r"url\(|@import|https?:", style[1])
    policies = [one["content"] for one in page.named("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_hostile_text_stays_text(page: Page) -> None:
    """A note with markup is shown as it was written, and what would sign a URL isn't shown at all."""
    assert "<script>" not in page.html
    assert "</code><script>alert(1)</script>" in page.text
    assert all(one.isprintable() or one == "\n" for one in page.html)
    assert "0123abcd" not in page.html
    assert "X-Amz-Signature=[left out]" in page.text


def test_it_has_every_audit_line_whole(page: Page) -> None:
    """Each audit line stands in it once, with everything that was written."""
    lines = [line for grant in (samples.open_grant(), samples.closed_grant()) for line in samples.audit_lines(grant)]
    shown = [json.loads(item) for item in page.items]
    expected = json.loads(json.dumps(lines).replace("X-Amz-Signature=0123abcd", "X-Amz-Signature=[left out]"))
    assert sorted(shown, key=json.dumps) == sorted(expected, key=json.dumps)


def test_it_has_each_line_as_it_was_written(desk: Desk, tmp_path: Path) -> None:
    """A key that stands there twice, a number's own form and white space are shown, with what anybody can hash."""
    grant = samples.open_grant()
    desk.keep(grant)
    text = f'{{"at": "2026-11-24T02:10:00Z",  "grant": "{grant.id}", "detail": "a", "detail": "b\u202e", "n": 1E5}}'
    desk.logs.create_log_stream(logGroupName="audit", logStreamName="elsewhere")
    event: Any = {"timestamp": int(samples.ago(5).timestamp() * 1000), "message": text}
    desk.logs.put_log_events(logGroupName="audit", logStreamName="elsewhere", logEvents=[event])
    desk.run("report", grant.id, "--output", tmp_path / "r.html")
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert page.items == [text.replace("\u202e", "\\u202e")]
    assert f"Stream elsewhere, SHA-256 {sha256(text.encode()).hexdigest()}" in page.text
    assert "white-space: pre-wrap" in page.html.split("ol.audit code", 1)[1].split("}", 1)[0]


def test_it_tells_what_an_auditor_asks(page: Page) -> None:
    """Who opened what for whom, on whose word, for how long, what changed in which policy, and where to check it."""
    for told in (
        *(
            grant().id
            for grant in (samples.open_grant, samples.waiting_grant, samples.closed_grant, samples.refused_grant)
        ),
        f"approved (scoped) by {samples.KIM}",
        f"by {samples.LEE} at 2026-11-22T02:49:00Z; note: enough",
        '+      "Sid": "Airlock1"',
        '-      "Sid": "DenyOutsideOffice"',
        "user-inline source-ip of arn:aws:iam::111122223333:user/ocp-installer",
        "from vpc-0aaaaaaaaaaaaaaa1",
        "log group audit",
        "from the stack bootstrap-airlock in us-east-1",
        "2026-11-17T02:20:00Z to 2026-11-24T02:20:00Z",
    ):
        assert told in page.text, told
    assert samples.old_grant().id not in page.text


def test_it_can_be_read_without_eyes_or_colours(page: Page) -> None:
    """It names its language, has one title and no level of heading left out, and tables with captions and scopes."""
    assert next(page.named("html"))["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    tables = [tag for tag, _ in page.tags if tag in ("table", "caption")]
    assert tables == ["table", "caption"] * (len(tables) // 2)
    assert all(cell.get("scope") in ("row", "col") for cell in page.named("th"))
    names = [str(attributes["id"]) for _, attributes in page.tags if "id" in attributes]
    assert len(names) == len(set(names))
    links = {str(attributes["href"])[1:] for attributes in page.named("a")}
    assert links <= set(names)
    assert "@media print" in page.html


def test_the_report_of_one_grant(busy: Desk, tmp_path: Path) -> None:
    """Of one grant, the report has that grant and its lines alone; for programs the command counts them."""
    output = tmp_path / "one.html"
    told = busy.run("report", "prod", "--output", output, "--json").json
    assert told == {"output": str(output), "grants": 1, "audit_lines": 2, "broken_chains": [], "branches": {}}
    text = Page(output.read_text(encoding="utf-8")).text
    assert samples.open_grant().id in text
    assert samples.closed_grant().id not in text


def test_lines_of_other_grants_are_in_it_too(busy: Desk, tmp_path: Path) -> None:
    """A line written in the time of the report stands in it, though its grant was requested before or isn't known."""
    line = {"at": "2026-11-24T02:10:00Z", "kind": "decision", "decision": "close", "grant": "elder-12345-00000000"}
    busy.audit("other", line)
    busy.run("report", "--since", "1h", "--output", tmp_path / "r.html")
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "Other audit lines" in page.text
    assert line in [json.loads(item) for item in page.items]


def test_a_report_of_nothing(desk: Desk, tmp_path: Path) -> None:
    """A time without grants gives a report that says so."""
    assert desk.run("report", "--since", "1h", "--output", tmp_path / "r.html").status == 0
    assert "No grant was requested in this time." in Page((tmp_path / "r.html").read_text()).text


def test_totals_count_what_they_say() -> None:
    """The totals are those of the grants: the closed one was open for 25 minutes, the open one for 19 and a half."""
    opened, closed = samples.told(samples.open_grant()), samples.told(samples.closed_grant())
    grants = [opened, samples.waiting_grant(), closed, samples.refused_grant()]
    lines = [Line(json.loads(text), text) for grant in grants for text in samples.linked(grant)[0]]
    matter = Matter(stack="s", region="r", log_group="g", title="t", made_at=samples.NOW, grants=grants, lines=lines)
    assert dict(totals_of(matter)) == {
        "Grants requested": "4",
        "Opened": "2",
        "Opened wider than asked, the deny not lifted": "0",
        "Opened with the whole deny lifted": "0",
        "Open when this was made": "1",
        "Refused by the airlock": "1",
        "Approved by somebody": "1",
        "Rejected by somebody": "0",
        "Open in all": "44 min",
        "Open at the longest": "25 min",
        "Policy writes": "2",
        "Policy writes that restored the baseline": "0",
        "Policy writes that failed": "0",
        "Edits by others while open": "0",
        "Audit lines": "4",
        "Grants whose chain of audit lines is broken": "0",
        "Audit lines that nothing follows": "0",
    }
    Page(html_of(matter))


def test_wider_openings_are_counted_and_told(wide: Desk, tmp_path: Path) -> None:
    """Beside the lifts; each says what it let through besides, and why; what only waits isn't counted as opened."""
    wide.run("report", "--since", "1h", "--output", tmp_path / "r.html")
    text = " ".join(Page((tmp_path / "r.html").read_text(encoding="utf-8")).text.split())
    assert "Opened wider than asked, the deny not lifted2" in text
    assert "Opened with the whole deny lifted1" in text
    assert "Formwider than asked: any action on the objects from any network" in text
    assert (
        "Wider than asked, for the exact opening couldn't be had. The objects can be fetched from any network" in text
    )
    assert "A lift: while it is open, the whole deny is off for the principal." in text
    assert f"Why not the exact form{samples.WHY}" in text
    assert "Second opinionIAM's simulator was asked" in text
    assert "every action on arn:aws:s3:::" in text


@pytest.mark.parametrize("words", [[], ["prod", "--since", "7d"]], ids=["neither", "both"])
def test_one_grant_or_a_time(busy: Desk, tmp_path: Path, words: list[str]) -> None:
    """A report is of one grant or of a time: neither and both end with status 2."""
    done = busy.run("report", *words, "--output", tmp_path / "r.html")
    assert done.status == 2
    assert "either a GRANT or --since WHEN" in done.err
