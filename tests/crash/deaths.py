"""Processes that die at an AWS call: at each one the process forks, and the child is the one that dies there.

So the work goes on undisturbed in the parent, runs once however many deaths are tried, and each child has the account
as it stood at its death. What it sees of its afterlife it hands back through a pipe.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.reconcile.account import HOME, REGION, Account
from tests.reconcile.interference import Crash

Pick = Callable[[int], bool]
"""Which deaths to try, by their number; all are counted."""
CHILD_SECONDS = 240


@dataclass(frozen=True, slots=True)
class Death:
    """Where a process died.

    Attributes:
        number: of the deaths that the work offers, the first is 0.
        when: "before" or "after".
        call: the AWS call's name.
    """

    number: int
    when: str
    call: str

    def __str__(self) -> str:
        return f"#{self.number} {self.when} {self.call}"


@dataclass(slots=True)
class Deaths:
    """Forks at the AWS calls of an account's airlock.

    Attributes:
        account: whose calls.
        pick: which deaths are tried; None while nobody is to die.
        offered: how many there were to try.
        reports: what the dead have sent back: what their afterlives gave, or text where one broke down.
        death: in a child, where it died.
        wrote: called for each call that AWS has carried out, with its name, its parameters and the answer.
    """

    account: Account
    pick: Pick | None = None
    offered: int = 0
    reports: list[Any] = field(default_factory=list)
    death: Death | None = None
    wrote: Callable[[str, dict[str, Any], dict[str, Any]], None] = lambda *_: None
    _pipe: int | None = None
    _params: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        """Listen to the airlock's calls."""
        acting = self.account.acting
        clients = (acting.iam, acting.dynamodb, acting.logs, acting.sns, acting.ec2(REGION), acting.ec2(HOME))
        hooks: dict[str, Callable[..., None]] = {
            "before-parameter-build": self._asked,
            "before-call": self._leaves,
            "after-call": self._comes_back,
        }
        for client in clients:
            for name, hook in hooks.items():
                client.meta.events.register(name, hook)
        try:
            yield
        finally:
            for client in clients:
                for name, hook in hooks.items():
                    client.meta.events.unregister(name, hook)

    def dying(self, act: Callable[[], object], pick: Pick, afterlife: Callable[[Death], object]) -> None:
        """Do the work, and in a child of each picked death what comes after it; never returns in a child.

        Args:
            act: the work.
            pick: which deaths to try.
            afterlife: what the child does; its report goes to the parent's ``reports``, its own ``reports`` with it.
        """
        self.pick, self.offered = pick, 0
        try:
            act()
        except Crash:
            self._report(afterlife)
        finally:
            self.pick = None

    def _report(self, afterlife: Callable[[Death], object]) -> None:
        assert self._pipe is not None
        assert self.death is not None
        pipe, self._pipe = self._pipe, None
        try:
            sent: list[object] = [afterlife(self.death), *self.reports]
        except BaseException:  # noqa: BLE001 - there is nobody else to tell
            sent = [f"{self.death}: {traceback.format_exc()}"]
        with os.fdopen(pipe, "wb") as stream:
            pickle.dump(sent, stream)
        # Not by an exception: pytest in the child must not go on.
        os._exit(0)

    def _asked(self, params: dict[str, Any], **_: object) -> None:
        self._params = params

    def _leaves(self, model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        self._may_die("before", model.name)

    def _comes_back(self, model: Any, parsed: dict[str, Any], http_response: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        if http_response.status_code < 300:
            self.wrote(model.name, self._params, parsed)
        self._may_die("after", model.name)

    def _may_die(self, when: str, call: str) -> None:
        if self.pick is None:
            return
        death = Death(self.offered, when, call)
        self.offered += 1
        if not self.pick(death.number):
            return
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            # From 3.12 on, Python warns of threads that the child won't have; those here are pytest's own.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            os.close(reading)
            self._become(death, writing)
            raise Crash
        os.close(writing)
        with os.fdopen(reading, "rb") as stream:
            sent = stream.read()
        os.waitpid(child, 0)
        # Kept, not raised: what is raised in a call may be taken for the call's own trouble, and tried again.
        self.reports += pickle.loads(sent) if sent else [f"{death}: the child sent nothing"]  # noqa: S301 - our own child's

    def _become(self, death: Death, pipe: int) -> None:
        """Be the child that dies."""
        # A collection would touch, and so copy, all that parent and child share.
        gc.disable()
        # A child that hangs must not outlive the tests; pytest's own alarm isn't inherited.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(CHILD_SECONDS)
        self.death, self._pipe, self.pick, self.reports = death, pipe, None, []
        self.account.calls.dead = True
