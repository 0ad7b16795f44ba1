"""Every command of the documents is run by a test, or the page says what it needs that this machine hasn't got.

`airlock` commands are run in `tests/cli/operators/test_documented.py`, as they stand in the documents.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import botocore.session
import jmespath  # type: ignore[import-untyped]
import pytest
from botocore import xform_name

from tests.house.commands import NEEDS, ROOT, Command, commands_of, documented
from tests.house.runs import started, targets

COMMANDS = documented()
EXCUSES = {
    "an AWS account": re.compile(r"aws |npx aws-cdk@\d+\.\d+\.\d+ "),
    "a package index": re.compile("make pins"),
    "Debian's packages": re.compile("apt-get |make test-ceph"),
}
"""What each need excuses from being run: no page can excuse another command by it."""
OWN = {
    ("logs", "tail"): {
        *("--since", "--follow", "--format", "--filter-pattern", "--log-stream-names", "--log-stream-name-prefix"),
    },
    ("s3", "cp"): {"--recursive", "--exclude", "--include"},
}
"""The options of the CLI's own commands (AWS CLI reference, the page of each)."""
EVERYWHERE = {"--query": 1, "--output": 1, "--region": 1, "--profile": 1, "--no-cli-pager": 0}
"""The AWS CLI's own options, and how many words each takes."""
PYTEST_VALUES = {"-n", "-m", "-k", "--dist", "--timeout"}
"""Pytest's options that the Makefile gives a value."""


def is_run(command: Command) -> bool:
    """Whether a test runs what a command runs, or the page says, of such a command, what it needs."""
    if any(EXCUSES[need].match(" ".join(command.words)) for need in command.needs):
        return True
    program, *words = command.words
    if program == "airlock":
        return bool(words)
    if program == "make":
        asked = [word for word in words if "=" not in word]
        return bool(asked) and all(target in targets() and is_made(target) for target in asked)
    return program == "python" and is_started(command.words)


def is_made(target: str) -> bool:
    """Whether the tests run a target's programs, or `make test` itself does before them."""
    if target in {"test", *targets()["test"].needs} or ("make", target) in MADE:
        return True
    recipe = targets()[target].recipe
    return bool(recipe) and all(is_started(shlex.split(line)) for line in recipe)


MADE = {("make", "help")}
"""What `tests/house/test_habits.py` runs by its target."""


def is_started(words: list[str]) -> bool:
    """Whether a test starts this program, or pytest runs these tests in any case."""
    plain = [word for word in words if not re.fullmatch(r"[A-Z_]+=\w+", word)]
    if plain[:3] == ["python", "-m", "pytest"]:
        return bool(paths := _tests_of(plain[3:])) and all(list((ROOT / path).rglob("test_*.py")) for path in paths)
    if plain[0] == "pre-commit":
        plain = ["python", "-m", "pre_commit", *plain[1:]]
    # What a user may add, such as $(SIMULATION) or a scenario's name, is tried elsewhere.
    fixed = [word for word in plain if not word.startswith("$(")]
    return tuple(fixed) in {one[: len(fixed)] for one in started()}


def _tests_of(words: list[str]) -> list[str]:
    """The folders and files that pytest is given; all of them where it is given none."""
    left = iter(words)
    paths = []
    for word in left:
        if word in PYTEST_VALUES:
            next(left)
        elif not word.startswith("-"):
            paths.append(word)
    return [path.removesuffix(Path(path).name) if path.endswith(".py") else path for path in paths] or ["tests"]


def test_each_command_is_run_or_says_what_it_needs() -> None:
    """A command that no test runs must say why: see the top of `tests/house/commands.py` for how."""
    assert [str(command) for command in COMMANDS if not is_run(command)] == []


def test_there_are_commands_of_every_kind() -> None:
    """The documents are read: there are commands of each program, and of each need."""
    assert {command.words[0] for command in COMMANDS} >= {"airlock", "make", "python", "aws", "npx", "apt-get"}
    assert {need for command in COMMANDS for need in command.needs} == set(NEEDS)
    assert len(COMMANDS) > 60


@pytest.mark.parametrize(
    "unrun",
    [
        "```console\nmake nothing\n```",
        "```console\nmake pins\n```",
        "```console\ncurl https://example.com\n```",
        "```console\naws sts get-caller-identity\n```",
        "Needs an AWS account:\n\n```console\nmake clean\n```",
        "Needs Debian's packages.\n\n```console\naws sts get-caller-identity\n```",
        "Say `python -m tests.nothing` now.",
        "Say `npx aws-cdk@2.0.0 destroy` now.",
        "Needs an AWS account: `npx aws-cdk destroy`, whose version would be the newest.",
        "Say `python -m supply nonsense` now.",
    ],
)
def test_a_command_that_no_test_runs_is_found(unrun: str) -> None:
    """Neither a name that looks known, nor a need that has nothing to do with it, lets it pass."""
    assert not any(is_run(command) for command in commands_of(ROOT / "page.md", f"# Page\n\n{unrun}\n"))


def test_one_release_of_the_cdk_is_told() -> None:
    """The documents name the same release of the CDK's command line, all of them."""
    text = "".join(page.read_text(encoding="utf-8") for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
    assert len(set(re.findall(r"npx aws-cdk(\S*)", text))) == 1


def test_needs_are_read_where_the_reader_reads_them() -> None:
    """In the line, above the block, and at the head of a section for all of it; not beyond."""
    page = """# Page

## Runbooks

Needs an AWS account: all of them.

### One

1. `aws sts one`

   ```console
   aws sts two \\
     --more
   ```

## Other

`aws sts three`, which needs an AWS account.
`aws sts four`

Needs an AWS account, this one:

```console
aws sts five
```
"""
    told = {command.words[2]: bool(command.needs) for command in commands_of(ROOT / "page.md", page)}
    assert told == {"one": True, "two": True, "three": True, "four": False, "five": True}


def test_a_block_says_what_it_holds() -> None:
    """A block that says nothing could hold commands that nobody sees."""
    with pytest.raises(ValueError, match=r"page\.md:3: write ```console or ```text"):
        list(commands_of(ROOT / "page.md", "# Page\n\n```\nrm -rf /\n```\n"))


@pytest.mark.parametrize(
    "target", sorted({word for one in COMMANDS if one.words[0] == "make" for word in one.words[1:]})
)
def test_make_knows_what_it_is_asked_for(target: str) -> None:
    """`make -n` works out what it would run."""
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "given", sorted({word for one in COMMANDS for word in one.words if word.startswith("SIMULATION=")})
)
def test_the_simulation_takes_what_it_is_given(given: str) -> None:
    """Argparse shows its help only if it has understood all that stands before it."""
    words = shlex.split(given.partition("=")[2])
    command = [sys.executable, "-m", "tests.simulation", *words, "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.words[0] == "aws"], ids=str)
def test_aws_has_what_it_is_asked_for(command: Command) -> None:
    """Service, operation and options are in botocore's models, which the AWS CLI makes its own from."""
    _, service, operation, *words = command.words
    options = [word for word in words if word.startswith("--")]
    if (service, operation) in OWN:
        assert set(options) <= OWN[service, operation]
        return
    model = botocore.session.get_session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names
    shape = model.operation_model(names[operation]).input_shape
    members = shape.members if shape else {}
    known = {f"--{xform_name(name, '-')}" for name in members}
    # A boolean is switched off by "no-" (AWS CLI user guide, "Common parameter types", "Boolean").
    known |= {f"--no-{xform_name(name, '-')}" for name, one in members.items() if one.type_name == "boolean"}
    assert {option for option in options if option not in EVERYWHERE} <= known
    for query in [word for before, word in pairwise(words) if before == "--query"]:
        jmespath.compile(query)
