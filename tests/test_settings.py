"""What the template tells the functions: every wrong or missing variable is named, with what came and what to do."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from airlock.settings import Enrolled, SettingsError, read_principals, settings_from

USER = "arn:aws:iam::111122223333:user/ci/ocp-installer"
ROLE = "arn:aws-us-gov:iam::111122223333:role/OpenShiftInstaller"
GROUP = "arn:aws:iam::111122223333:group/installers"
POLICY = "arn:aws:iam::111122223333:policy/fence"
GOOD = {
    "AIRLOCK_ACCOUNT": "111122223333",
    "AIRLOCK_TABLE": "ledger",
    "AIRLOCK_AUDIT_LOG_GROUP": "audit",
    "AIRLOCK_AUDIT_LOG_STREAM": "watcher",
    "AIRLOCK_NOTICES_TOPIC": "arn:aws:sns:us-east-1:111122223333:notices",
    "AIRLOCK_PRINCIPALS": json.dumps({USER: {"groups": [GROUP], "policies": [POLICY], "timeout_minutes": 5}, ROLE: {}}),
}


def test_what_the_template_writes_is_read() -> None:
    """Settings left out have their defaults: no shared policies, 60 minutes."""
    settings = settings_from(GOOD)
    assert (settings.account, settings.table) == ("111122223333", "ledger")
    assert settings.enrolled == {
        USER: Enrolled(USER, frozenset({GROUP}), frozenset({POLICY}), timedelta(minutes=5)),
        ROLE: Enrolled(ROLE, window=timedelta(minutes=60)),
    }


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_variable_is_named(name: str, value: str | None) -> None:
    """An empty one counts as missing."""
    environment = {key: text for key, text in GOOD.items() if key != name} | ({} if value is None else {name: value})
    with pytest.raises(SettingsError, match=f"{name} is missing.*deploy"):
        settings_from(environment)


@pytest.mark.parametrize("value", ["1111", "11112222333x", "1111222233334"])
def test_an_account_that_is_none_is_named(value: str) -> None:
    """An account has 12 digits."""
    with pytest.raises(SettingsError, match=f"AIRLOCK_ACCOUNT must be.*12 digits.*{value}"):
        settings_from({**GOOD, "AIRLOCK_ACCOUNT": value})


@pytest.mark.parametrize("text", ["{", "not JSON", "[]", '"text"', "7", "null"])
def test_principals_that_are_no_json_object_are_told(text: str) -> None:
    """The message says what was expected."""
    with pytest.raises(SettingsError, match=r"AIRLOCK_PRINCIPALS.*JSON"):
        read_principals(text)


@pytest.mark.parametrize(
    "arn",
    [
        "ocp-installer",
        "",
        GROUP,
        POLICY,
        "arn:aws:iam::111122223333:root",
        "arn:aws:sts::111122223333:assumed-role/OpenShiftInstaller/ci-7",
        "arn:aws:iam::111122223333:user/",
        "arn:aws:iam::111122223333:user/*",
    ],
)
def test_an_arn_that_is_neither_a_users_nor_a_roles_is_named(arn: str) -> None:
    """A session's ARN, a group's or a name alone can't be enrolled."""
    with pytest.raises(SettingsError, match="IAM user or role") as caught:
        read_principals(json.dumps({arn: {}}))
    assert repr(arn) in str(caught.value)


@pytest.mark.parametrize("minutes", [4, 721, 0, -60, 60.0, "60", True, None, [60]])
def test_a_timeout_out_of_range_is_named(minutes: Any) -> None:  # noqa: ANN401 - whatever JSON holds
    """A grant stays open for 5 to 720 whole minutes."""
    with pytest.raises(SettingsError, match=r"timeout_minutes of .*ocp-installer.* from 5 to 720"):
        read_principals(json.dumps({USER: {"timeout_minutes": minutes}}))


@pytest.mark.parametrize("minutes", [5, 720])
def test_the_bounds_of_the_timeout_are_within(minutes: int) -> None:
    """Both ends count."""
    assert read_principals(json.dumps({USER: {"timeout_minutes": minutes}}))[USER].window == timedelta(minutes=minutes)


@pytest.mark.parametrize("setting", ["groups", "policies"])
@pytest.mark.parametrize("value", [GROUP, None, 7, {GROUP: 1}, [GROUP, 7]])
def test_shared_policies_that_are_no_list_of_arns_are_named(setting: str, value: Any) -> None:  # noqa: ANN401 - as above
    """A lone string isn't taken apart into letters."""
    with pytest.raises(SettingsError, match=f"{setting} of .*ocp-installer.* list of ARNs"):
        read_principals(json.dumps({USER: {setting: value}}))


@pytest.mark.parametrize("options", [[], "x", None])
def test_settings_that_are_no_object_are_named(options: Any) -> None:  # noqa: ANN401 - as above
    """Each principal's settings are a JSON object."""
    with pytest.raises(SettingsError, match=r"settings of .*ocp-installer must be a JSON object"):
        read_principals(json.dumps({USER: options}))
