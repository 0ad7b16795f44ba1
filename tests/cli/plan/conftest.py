"""Running `airlock plan` in this process."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airlock_cli.main import run
from tests.cli.helpers import USER

WANTED = {
    "--principal": USER,
    "--infra-id": "prod-7xk2q",
    "--region": "us-east-2",
    "--not-after": "2099-01-01T00:00:00Z",
}


@dataclass
class Done:
    """How the command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the command printed
        """What it printed for programs."""
        return json.loads(self.out)


Planning = Callable[..., Done]


@pytest.fixture
def planning(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Planning:
    """A way to run the command on a file, with the usual options but for those given."""
    monkeypatch.setenv("COLUMNS", "80")

    def go(policy: Path | str, *more: str, **instead: str) -> Done:
        wanted = {**WANTED, **{f"--{name.replace('_', '-')}": value for name, value in instead.items()}}
        options = [word for pair in wanted.items() for word in pair]
        monkeypatch.setattr(sys, "argv", ["airlock", "plan", str(policy), *options, *more])
        with pytest.raises(SystemExit) as ended:
            run()
        out, err = capsys.readouterr()
        return Done(int(ended.value.code or 0), out, err)

    return go


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """A way to write a policy of these statements to a file."""

    def write(*statements: object) -> Path:
        path = tmp_path / "policy.json"
        path.write_text(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
        return path

    return write
