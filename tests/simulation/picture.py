"""A day as a picture: holes that are open, grants that haven't ended, and what each sweep costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

mpl.use("agg")  # before pyplot looks for a display

from matplotlib import pyplot as plt

from tests.simulation.day import START, Day
from tests.simulation.faults import STORM_LASTS

if TYPE_CHECKING:
    from datetime import datetime

    from matplotlib.axes import Axes


def draw(day: Day, path: Path) -> None:
    """Write the picture as PNG."""
    figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(12, 7), layout="constrained")
    _draw_holes(above, day)
    _draw_sweeps(below, day)
    for axes in (above, below):
        for storm in day.faults.storms:
            axes.axvspan(_hour(storm.begins), _hour(storm.begins + STORM_LASTS), color="tab:red", alpha=0.15, lw=0)
        axes.grid(alpha=0.3)
        axes.set_ylim(bottom=0)
    plan = day.plan
    figure.suptitle(
        f"{plan.installs} installs over {plan.principals} principals, seed {plan.seed}; red: IAM throttles most calls"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_holes(axes: Axes, day: Day) -> None:
    changes = sorted(
        [(hole.opened, 1) for hole in day.holes.all]
        + [(hole.closed, -1) for hole in day.holes.all if hole.closed is not None]
    )
    hours, counts, now_open = [0.0], [0], 0
    for moment, change in changes:
        now_open += change
        hours.append(_hour(moment))
        counts.append(now_open)
    axes.step(hours, counts, where="post", color="tab:blue", lw=1, label="holes open")
    axes.plot(
        [_hour(at) for at, _ in day.open_grants],
        [many for _, many in day.open_grants],
        color="tab:gray",
        lw=0.8,
        ls="--",
        label="grants that haven't ended",
    )
    axes.set_ylabel("at that moment")
    axes.legend(loc="upper left")


def _draw_sweeps(axes: Axes, day: Day) -> None:
    runs = day.sweeper.runs
    hours = [_hour(run.at) for run in runs]
    axes.plot(hours, [sum(run.tally.calls.values()) for run in runs], ".", ms=2, color="tab:green", label="calls")
    axes.plot(hours, [run.tally.items_read for run in runs], ".", ms=2, color="tab:orange", label="items read")
    axes.set_ylabel("of each sweep")
    axes.set_xlabel("hours")
    ended = axes.twinx()
    closed = sorted(grant.progress.closed_at for grant in day.grants().values() if grant.progress.closed_at)
    ended.step([_hour(at) for at in closed], range(1, len(closed) + 1), where="post", color="tab:gray", lw=0.8, ls="--")
    ended.set_ylabel("grants that have ended (dashed)")
    ended.set_ylim(bottom=0)
    axes.legend(loc="upper left")


def _hour(moment: datetime) -> float:
    return (moment - START).total_seconds() / 3600
