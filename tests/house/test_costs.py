"""docs/costs.md: reckoned from what is measured today, and reckoned right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pages import costs
from pages.costs import Line, Sheet

HOW = "run `make costs`, and read what it changes"


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `make costs` measures, in a folder that looks like the repository but for what is written."""
    folder = tmp_path_factory.mktemp("copy")
    for entry in os.scandir(costs.ROOT):
        if entry.name != "pages":
            (folder / entry.name).symlink_to(entry.path)
    (folder / "pages").mkdir()
    for module in ("__init__.py", "costs.py"):
        (folder / "pages" / module).write_bytes((costs.ROOT / "pages" / module).read_bytes())
    subprocess.run([sys.executable, "-m", "tests.bench.quantities"], cwd=folder, check=True)
    found: dict[str, Any] = json.loads((folder / "pages" / "quantities.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def kept() -> dict[str, Any]:
    """What the page was made from."""
    found: dict[str, Any] = json.loads(costs.QUANTITIES.read_text(encoding="utf-8"))
    return found


def test_the_page_is_up_to_date() -> None:
    """docs/costs.md is what its prices and quantities come to."""
    assert costs.PATH.read_text(encoding="utf-8") == costs.text(), HOW


def test_what_costs_by_being_there_is_counted(measured: dict[str, Any], kept: dict[str, Any]) -> None:
    """Alarms, keys, dashboards and the metrics of each sweep are those of today's template and code."""
    assert [measured[name] for name in ("stack", "region")] == [kept[name] for name in ("stack", "region")], HOW
    assert measured["idle_sweep"]["metrics"] == kept["idle_sweep"]["metrics"], HOW


@pytest.mark.parametrize("part", ["idle_sweep", "install"])
def test_what_is_used_is_about_what_the_page_says(part: str, measured: dict[str, Any], kept: dict[str, Any]) -> None:
    """Calls, units, bytes and messages are within a tenth; a change that costs more has to say so on the page."""
    now, then = ({**one[part], "metrics": len(one[part]["metrics"])} for one in (measured, kept))
    assert now == {name: pytest.approx(number, rel=0.1, abs=1) for name, number in then.items()}, HOW


def test_an_install_was_measured_whole(measured: dict[str, Any]) -> None:
    """It opened, narrowed and closed, wrote and told; an idle sweep wrote nothing."""
    assert set(measured["install"]["metrics"]) >= {"GrantsOpened", "GrantsNarrowed", "GrantsClosed", "PolicyWrites"}
    assert measured["install"]["published"] >= 3
    assert measured["install"]["audited"] > 1000
    assert measured["idle_sweep"]["write_units"] == 0


def test_every_line_of_the_bill_is_there() -> None:
    """A price that no line uses, or a resource that costs and isn't on the bill, would be forgotten."""
    sheet = costs.sheet()
    lines = [*sheet.idle(), *sheet.install(), *sheet.region(), *sheet.ended(), *sheet.flood()]
    assert {line.price for line in lines} | {"table", "forwarded"} == set(sheet.told["prices"])
    assert all(line.quantity >= 0 for line in lines)


def test_quantities_are_multiplied_by_prices() -> None:
    """Reckoned by hand: 20,000 mails at 2 dollars for 100,000, and 3 alarms at 0.10."""
    told = tomllib.loads(costs.PRICES.read_text(encoding="utf-8"))
    sheet = Sheet(told, {})
    assert sheet.cost(Line("mails", "mails", 20_000)) == pytest.approx(0.4)
    assert sheet.dollars([Line("", "alarms", 3), Line("", "mails", 20_000)]) == pytest.approx(0.7)
    assert sheet.sweeps == 43_800


def test_each_price_says_where_it_is_from() -> None:
    """AWS's own page, and where the number was read."""
    prices = tomllib.loads(costs.PRICES.read_text(encoding="utf-8"))["prices"]
    for name, price in prices.items():
        assert price["page"].startswith("https://aws.amazon.com/"), name
        assert price["from"], name
        assert price["usd"] > 0, name
        assert f"| {price['page']} | {price['from']} |" in Path(costs.PATH).read_text(encoding="utf-8"), name
