"""docs/costs.md, reckoned from pages/prices.toml and pages/quantities.json."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
PRICES: Final = ROOT / "pages" / "prices.toml"
QUANTITIES: Final = ROOT / "pages" / "quantities.json"
TEMPLATE: Final = ROOT / "pages" / "costs.template.md"
PATH: Final = ROOT / "docs" / "costs.md"

_GIGABYTE: Final = 10**9
_MEMORY: Final = 0.5
"""GB of each function (`infra/functions.py`)."""
_ENDED: Final = 1000
"""So many instances that end are reckoned together."""
_SECONDS_IN_A_DAY: Final = 24 * 60 * 60
_INSTALLS: Final = 100
"""So many installs a month are an example."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a bill.

    Attributes:
        what: what is paid for.
        price: its price's name in pages/prices.toml.
        quantity: how much, in the price's unit.
    """

    what: str
    price: str
    quantity: float


class Sheet:
    """What an idle stack, an install and another region come to.

    Args:
        told: what pages/prices.toml holds.
        used: what pages/quantities.json holds.
    """

    def __init__(self, told: dict[str, Any], used: dict[str, Any]) -> None:
        self.told = told
        self.used = used
        self._assumed: dict[str, float] = told["assumed"]
        self.sweeps = self._assumed["hours_in_a_month"] * 60

    def idle(self) -> list[Line]:
        """A month in which nobody installs."""
        sweep, stack = self.used["idle_sweep"], self.used["stack"]
        logged = self.sweeps * (sweep["printed"] + self._assumed["bytes_of_lambdas_lines"]) / _GIGABYTE
        return [
            Line("dashboards", "dashboards", stack["dashboards"]),
            Line("keys for messages and links", "keys", stack["keys"]),
            Line("metrics of each sweep", "metrics", len(sweep["metrics"])),
            Line("alarms", "alarms", stack["alarms"]),
            Line("sweeps begun by the schedule", "schedule", self.sweeps),
            Line("sweeps as requests", "lambda_requests", self.sweeps),
            Line("sweeps' time", "lambda_seconds", self.sweeps * self._seconds(sweep["calls"]) * _MEMORY),
            Line("looks into the ledger", "reads", self.sweeps * sweep["read_units"]),
            Line("sweeps' log", "log_ingestion", logged),
            Line("that log, once a year of it is kept", "log_storage", logged * self._assumed["months_of_logs"]),
        ]

    def install(self) -> list[Line]:
        """One install, over what the sweeps cost in any case."""
        use, sweep = self.used["install"], self.used["idle_sweep"]
        more = {name: use[name] - use["sweeps"] * sweep[name] for name in ("calls", "read_units", "write_units")}
        printed = use["printed"] - use["sweeps"] * sweep["printed"]
        logged = printed + use["audited"] + use["signals"] * self._assumed["bytes_of_lambdas_lines"]
        cold = use["signals"] * self._assumed["seconds_of_a_cold_start"]
        seconds = cold + more["calls"] * self._assumed["seconds_for_each_call"] + use["waited"]
        hours = sum(count for name, count in use["metrics"].items() if name not in sweep["metrics"])
        messages = use["published"]
        return [
            Line("writes of the ledger", "writes", more["write_units"]),
            Line("reads of the ledger", "reads", more["read_units"]),
            Line("signals", "lambda_requests", use["signals"]),
            Line("the functions' time", "lambda_seconds", seconds * _MEMORY),
            Line("metrics, each for an hour", "metrics", hours / self._assumed["hours_in_a_month"]),
            Line("log and audit lines", "log_ingestion", logged / _GIGABYTE),
            Line("notices", "messages", messages),
            Line("their mails", "mails", messages * self._assumed["mails_for_each_message"]),
            Line("their key", "key_requests", messages * self._assumed["key_requests_for_each_message"]),
        ]

    def region(self) -> list[Line]:
        """A month of one more watched region."""
        return [Line(name, name, count) for name, count in self.used["region"].items() if count]

    def ended(self) -> list[Line]:
        """A thousand instances that end in the account, whoever's: each starts the watcher, which looks whose it is."""
        events = _ENDED * self._assumed["events_for_each_ended_instance"]
        logged = events * (self.used["idle_sweep"]["printed"] + self._assumed["bytes_of_lambdas_lines"])
        return [
            Line("events", "lambda_requests", events),
            Line("the watcher's time", "lambda_seconds", events * self._seconds(2) * _MEMORY),
            Line("what the ledger keeps for two days", "writes", events),
            Line("log", "log_ingestion", logged / _GIGABYTE),
        ]

    def flood(self) -> list[Line]:
        """A day in which somebody asks for the page without end, by an HTTP API: what that lets through."""
        requests = self._assumed["requests_of_a_flood"] * _SECONDS_IN_A_DAY
        bytes_each = self._assumed["bytes_of_an_apis_line"] + self._assumed["bytes_of_lambdas_lines"]
        return [
            Line("API Gateway", "api_requests", requests),
            Line("the page as requests", "lambda_requests", requests),
            Line("its time", "lambda_seconds", requests * self._seconds(1) * _MEMORY),
            Line("looks at the links' signatures", "key_requests", requests),
            Line("logs", "log_ingestion", requests * bytes_each / _GIGABYTE),
        ]

    def dollars(self, lines: list[Line]) -> float:
        """What some lines come to."""
        return sum(self.cost(line) for line in lines)

    def cost(self, line: Line) -> float:
        """What a line comes to."""
        price = self.told["prices"][line.price]
        return line.quantity * float(price["usd"]) / float(price["per"])

    def _seconds(self, calls: float) -> float:
        return self._assumed["seconds_of_own_work"] + calls * self._assumed["seconds_for_each_call"]


def sheet() -> Sheet:
    """The sheet of the repository's own files."""
    return Sheet(tomllib.loads(PRICES.read_text(encoding="utf-8")), json.loads(QUANTITIES.read_text(encoding="utf-8")))


def text() -> str:
    """Write the page: pages/costs.template.md with its numbers."""
    of = sheet()
    use = of.used["install"]
    idle, install = of.dollars(of.idle()), of.dollars(of.install())
    guessed = [line for line in of.idle() if line.price == "lambda_seconds"]
    kept = [Line("", "log_storage", use["audited"] * 12 / _GIGABYTE), Line("", "table", use["kept"] * 12 / _GIGABYTE)]
    return TEMPLATE.read_text(encoding="utf-8").format(
        region=of.told["region"],
        read_on=of.told["read_on"],
        assumed=of.told["assumed"],
        use=use,
        sweeps=of.sweeps,
        idle=idle,
        install=install,
        further=of.dollars(of.region()),
        ended=of.dollars(of.ended()),
        ended_instances=_ENDED,
        installs=_INSTALLS,
        with_installs=idle + _INSTALLS * install,
        idle_table=_table(of, of.idle()),
        install_table=_table(of, of.install()),
        region_table=_table(of, of.region()),
        api_requests=of.cost(Line("", "api_requests", 1_000)),
        flood_table=_table(of, of.flood()),
        flood=of.dollars(of.flood()),
        audited=use["audited"] / 1000,
        kept=use["kept"] / 1000,
        keeping=of.dollars(kept),
        forwarding=of.cost(Line("", "forwarded", use["signals"])),
        prices=_prices(of),
        guessed=of.dollars(guessed) / idle,
    )


def _table(of: Sheet, lines: list[Line]) -> str:
    rows = []
    for line in lines:
        unit = of.told["prices"][line.price]["unit"]
        rows.append(f"| {line.what} | {line.quantity:,.{_places(line.quantity)}f} {unit} | {of.cost(line):.6f} |")
    return "\n".join(["| what | how much | US dollars |", "|---|---|---|", *rows])


def _places(quantity: float) -> int:
    """Digits after the point: none of what is counted, enough of what is small."""
    if quantity == round(quantity):
        return 0
    return 1 if quantity >= 10 else 6  # noqa: PLR2004 - from here on a tenth is little


def _prices(of: Sheet) -> str:
    rows = []
    for one in of.told["prices"].values():
        dollars = f"{one['usd']:.10f}".rstrip("0").rstrip(".")
        rows.append(f"| {dollars} | {one['per']:,} {one['unit']} | {one['page']} | {one['from']} |")
    return "\n".join(rows)
