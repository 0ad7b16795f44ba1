"""What the template tells the functions: every wrong or missing variable is named, with what came and what to do."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from airlock.grants.approval import Form, Leave, Mode, Wider
from airlock.messages.message import Language
from airlock.settings import CloseOn, Enrolled, SettingsError, read_principals, settings_from

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
    "AIRLOCK_APPROVALS_TOPIC": "arn:aws:sns:us-east-1:111122223333:approvals",
    "AIRLOCK_EVENT_SOURCE": "bootstrap-airlock",
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


def test_what_people_have_a_say_in_is_read() -> None:
    """Mode, form, rescue and closing of a principal; language, times and links of the whole."""
    options = {"mode": "observe", "strategy": "lift", "lifting": "automatic", "rescue": False, "close_on": "fetched"}
    settings = settings_from(
        {
            **GOOD,
            "AIRLOCK_PRINCIPALS": json.dumps({USER: options}),
            "AIRLOCK_LANGUAGE": "ja",
            "AIRLOCK_ANSWER_MINUTES": "45",
            "AIRLOCK_PROPAGATION_SECONDS": "0",
            "AIRLOCK_PAGE_URL": "https://page.example/",
            "AIRLOCK_LINK_KEY": "arn:aws:kms:us-east-1:111122223333:key/k",
        }
    )
    assert settings.enrolled[USER] == Enrolled(
        USER,
        mode=Mode.OBSERVE,
        form=Form.LIFTED,
        wider=Wider(lift=Leave.AUTOMATIC),
        rescue=False,
        close_on=CloseOn.FETCHED,
    )
    assert (settings.language, settings.answer_time) == (Language.JAPANESE, timedelta(minutes=45))
    assert settings.propagation == timedelta(0)
    assert (settings.page_url, settings.link_key) == (
        "https://page.example/",
        "arn:aws:kms:us-east-1:111122223333:key/k",
    )


def test_without_a_say_grants_open_by_themselves_and_lifts_ask() -> None:
    """The defaults: scoped grants are automatic, a lift asks; half an hour to answer, fifteen seconds for IAM."""
    settings = settings_from(GOOD)
    enrolled = settings.enrolled[ROLE]
    assert not enrolled.asks(Form.SCOPED)
    assert enrolled.asks(Form.LIFTED)
    assert (settings.answer_time, settings.propagation) == (timedelta(minutes=30), timedelta(seconds=15))
    assert (settings.page_url, settings.link_key, settings.language) == (None, None, Language.ENGLISH)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("lift", list(Leave))
def test_the_stricter_setting_asks(mode: Mode, lift: Leave) -> None:
    """Mode approval asks for every form; a lift asks unless configured otherwise."""
    enrolled = Enrolled(USER, mode=mode, wider=Wider(lift=lift))
    assert enrolled.asks(Form.SCOPED) == (mode is Mode.APPROVAL)
    assert enrolled.asks(Form.LIFTED) == (mode is Mode.APPROVAL or lift is not Leave.AUTOMATIC)
    assert enrolled.bars(Form.LIFTED) == (lift is Leave.OFF)


def test_how_wide_a_principal_may_be_opened_is_read() -> None:
    """Each way to open wider has a word of its own; those that aren't named ask."""
    told = read_principals(json.dumps({USER: {"wider": {"network": "automatic", "lift": "off"}}, ROLE: {}}))
    assert told[USER].wider == Wider(network=Leave.AUTOMATIC, actions=Leave.APPROVAL, lift=Leave.OFF)
    assert told[ROLE].wider == Wider(network=Leave.APPROVAL, actions=Leave.APPROVAL, lift=Leave.APPROVAL)


@pytest.mark.parametrize("setting", ["grants_per_day", "open_at_once", "timeout_minutes"])
@pytest.mark.parametrize("value", [0, 1000, "10", True, 2.5])
def test_a_number_out_of_its_limits_is_named(setting: str, value: object) -> None:
    """The message tells the setting, the principal, what it may be and what came."""
    with pytest.raises(SettingsError, match=f"{setting} of {USER} must be a whole number from"):
        read_principals(json.dumps({USER: {setting: value}}))


@pytest.mark.parametrize(
    ("wider", "message"),
    [
        ([], "wider of .* must be a JSON object"),
        ({"lift": "never"}, "wider.lift of .* must be one of automatic, approval, off, got 'never'"),
    ],
)
def test_a_way_to_open_wider_that_there_is_not_is_named(wider: object, message: str) -> None:
    """The message tells the setting, the principal, what it may be and what came."""
    with pytest.raises(SettingsError, match=message):
        read_principals(json.dumps({USER: {"wider": wider}}))


@pytest.mark.parametrize(
    ("setting", "value"),
    [("mode", "always"), ("strategy", "open"), ("lifting", True), ("rescue", "yes"), ("close_on", []), ("mode", None)],
)
def test_a_choice_that_there_is_not_is_named(setting: str, value: object) -> None:
    """The message tells the setting, the principal, what it may be and what came."""
    with pytest.raises(SettingsError, match=f"{setting} of {USER} must be one of"):
        read_principals(json.dumps({USER: {setting: value}}))


@pytest.mark.parametrize(
    ("name", "value"),
    [("AIRLOCK_LANGUAGE", "de"), ("AIRLOCK_ANSWER_MINUTES", "soon"), ("AIRLOCK_PROPAGATION_SECONDS", "-1")],
)
def test_a_variable_of_the_wrong_form_is_named(name: str, value: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(SettingsError, match=f"{name}.*{value}"):
        settings_from({**GOOD, name: value})
