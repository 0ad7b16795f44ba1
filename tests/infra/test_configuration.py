"""What a configuration may say, and what somebody who got it wrong is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk import aws_logs as logs

from airlock.grants import approval
from airlock.settings import Enrolled, read_principals
from infra import configuration_problems, powertools
from infra.audit import log_retention
from infra.configuration import Approvals, Configuration, ConfigurationError, parse
from infra.principals import Principal, Wider
from tests.infra.builders import ACCOUNT, GROUP, HOME, POLICY, ROLE, USER, configuration

TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:security-approvals"
KMS_KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def _first(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - bad values of any kind are the point
    """A configuration whose first principal has these keys changed or added."""
    return configuration(principals=[{"arn": USER, **changes}, {"arn": ROLE}])


def test_a_configuration_becomes_typed() -> None:
    """Every key is read, and account and partition follow from the principals."""
    raw = configuration(
        log_retention_days=30,
        prefix="airlock-two",
        approvals={"emails": ["boss@example.com"], "links": False, "answer_minutes": 90},
        language="ja",
        propagation_seconds=0,
    )
    found = parse(raw)
    assert found == Configuration(
        home_region="us-east-1",
        principals=(Principal(USER, (GROUP,), (POLICY,), 45), Principal(ROLE)),
        notice_emails=("ops@example.com",),
        approvals=Approvals(("boss@example.com",), links=False, answer_minutes=90),
        language="ja",
        propagation_seconds=0,
        log_retention_days=30,
        prefix="airlock-two",
    )
    assert (found.partition, found.account) == ("aws", ACCOUNT)
    assert (found.users, found.roles, found.groups, found.policies) == ((USER,), (ROLE,), (GROUP,), (POLICY,))


def test_only_region_and_principals_are_required() -> None:
    """The other keys have the documented defaults."""
    found = parse({"home_region": "eu-central-1", "principals": [{"arn": ROLE}]})
    (principal,) = found.principals
    assert principal == Principal(ROLE, timeout_minutes=60)
    assert (principal.mode, principal.strategy, principal.lifting) == ("automatic", "scope", "approval")
    assert principal.wider == Wider(network="approval", actions="approval", lift="approval")
    assert (principal.rescue, principal.close_on) == (True, "terminated")
    assert found.approvals == Approvals(emails=(), links=True, answer_minutes=30)
    assert (found.language, found.propagation_seconds) == ("en", 15)
    assert (found.notice_emails, found.log_retention_days, found.prefix) == ((), 365, "bootstrap-airlock")
    assert (found.watched_regions, found.trail, found.kms_key) == ((), "existing", None)
    assert (found.permissions_boundary, found.tags, found.notices_topic) == (None, {}, None)
    assert (found.approvals.topic, found.endpoints) == (None, "function-url")


def test_what_an_account_wants_of_its_stacks_is_read() -> None:
    """Regions, trail, key, boundary, tags and topics elsewhere become typed; the regions come in one order."""
    raw = configuration(
        watched_regions=["us-east-2", "ap-northeast-1"],
        trail="create",
        kms_key=KMS_KEY,
        permissions_boundary="arn:aws:iam::aws:policy/PowerUserAccess",
        tags={"CostCenter": "4711", "empty": ""},
        notice_emails=[],
        notices_topic=TOPIC,
        approvals={"topic": TOPIC},
    )
    found = parse(raw)
    assert found.watched_regions == found.forwarding_regions == ("ap-northeast-1", "us-east-2")
    assert (found.trail, found.kms_key) == ("create", KMS_KEY)
    assert found.permissions_boundary == "arn:aws:iam::aws:policy/PowerUserAccess"
    assert found.tags == {"CostCenter": "4711", "empty": ""}
    assert (found.notices_topic, found.approvals.topic) == (TOPIC, TOPIC)


@pytest.mark.parametrize(
    ("partition", "home", "watched", "forwarding"),
    [
        ("aws", "us-east-1", [], ()),
        ("aws", "eu-central-1", [], ("us-east-1",)),
        ("aws", "eu-central-1", ["us-east-1", "eu-west-1"], ("eu-west-1", "us-east-1")),
        ("aws-us-gov", "us-gov-east-1", [], ("us-gov-west-1",)),
        ("aws-cn", "cn-north-1", ["cn-northwest-1"], ("cn-northwest-1",)),
    ],
)
def test_iam_s_region_forwards_wherever_home_is(
    partition: str, home: str, watched: list[str], forwarding: tuple[str, ...]
) -> None:
    """The events of IAM come from one region of the partition, which forwards them unless it is home itself."""
    arn = f"arn:{partition}:iam::{ACCOUNT}:role/installer"
    found = parse({"home_region": home, "watched_regions": watched, "principals": [{"arn": arn}]})
    assert found.forwarding_regions == forwarding


def test_json_text_is_taken_as_the_cdk_command_gives_it() -> None:
    """The value of ``cdk -c airlock='{...}'`` arrives as text and means the same."""
    assert parse(json.dumps(configuration())) == parse(configuration())


def test_the_principals_variable_leaves_defaults_out() -> None:
    """AIRLOCK_PRINCIPALS is compact JSON that says only what differs from the defaults."""
    raw = configuration(
        principals=[{"arn": USER, "groups": [], "timeout_minutes": 60}, {"arn": ROLE, "policies": [POLICY]}]
    )
    assert parse(raw).principals_variable() == f'{{"{USER}":{{}},"{ROLE}":{{"policies":["{POLICY}"]}}}}'


@pytest.mark.parametrize(
    ("written", "carried"),
    [
        (
            {"mode": "automatic", "strategy": "lift", "lifting": "approval", "rescue": True, "close_on": "terminated"},
            {"strategy": "lift"},
        ),
        ({"strategy": "scope"}, {}),
        ({"mode": "approval"}, {"mode": "approval"}),
        ({"mode": "observe"}, {"mode": "observe"}),
        ({"strategy": "lift", "lifting": "automatic"}, {"strategy": "lift", "lifting": "automatic"}),
        ({"rescue": False}, {"rescue": False}),
        ({"close_on": "fetched"}, {"close_on": "fetched"}),
        ({"grants_per_day": 5, "open_at_once": 2}, {"grants_per_day": 5, "open_at_once": 2}),
        ({"grants_per_day": 30, "open_at_once": 10}, {}),
        ({"wider": {}}, {}),
        ({"wider": {"network": "approval", "actions": "approval", "lift": "approval"}}, {}),
        ({"wider": {"network": "automatic", "lift": "off"}}, {"wider": {"network": "automatic", "lift": "off"}}),
        ({"wider": {"network": "approval", "actions": "off"}}, {"wider": {"actions": "off"}}),
    ],
)
def test_the_principals_variable_carries_what_differs(written: dict[str, Any], carried: dict[str, Any]) -> None:
    """How a principal's grants are decided, opened and closed reaches the functions, each default left out."""
    variable = parse(_first(**written)).principals_variable()
    assert json.loads(variable) == {USER: carried, ROLE: {}}


@pytest.mark.parametrize("network", approval.Leave)
@pytest.mark.parametrize("actions", approval.Leave)
@pytest.mark.parametrize("lift", approval.Leave)
def test_how_wide_it_may_open_is_read_as_it_was_written(
    network: approval.Leave, actions: approval.Leave, lift: approval.Leave
) -> None:
    """Whatever the configuration leaves to the airlock, the functions read the same from what the template carries."""
    said = {"network": str(network), "actions": str(actions), "lift": str(lift)}
    told = read_principals(parse(_first(wider=said)).principals_variable())
    assert told[USER].wider == approval.Wider(network=network, actions=actions, lift=lift)
    assert told[ROLE] == Enrolled(ROLE)


@pytest.mark.parametrize("written", [{}, {"strategy": "scope"}, {"strategy": "lift", "lifting": "automatic"}])
def test_what_is_not_said_of_wider_forms_is_read_as_the_default(written: dict[str, Any]) -> None:
    """Every wider form asks people, but a lift by the strategy, which "lifting" decides."""
    told = read_principals(parse(_first(**written)).principals_variable())[USER]
    lift = approval.Leave.AUTOMATIC if "lifting" in written else approval.Leave.APPROVAL
    assert told.wider == approval.Wider(lift=lift)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, True),
        ({"rescue": False}, False),
        ({"rescue": False, "close_on": "fetched"}, True),
    ],
)
def test_consoles_are_read_for_a_rescue_or_to_close_early(settings: dict[str, Any], expected: bool) -> None:  # noqa: FBT001 - a column of the table above
    """The consoles are needed as soon as one principal has its rescue on, or closes once the fetch is seen."""
    other = {"arn": ROLE, "rescue": False}
    assert parse(configuration(principals=[{"arn": USER, **settings}, other])).reads_consoles is expected


@pytest.mark.parametrize(
    ("partition", "region"),
    [("aws-us-gov", "us-gov-east-1"), ("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-north-1")],
)
def test_other_partitions_are_served(partition: str, region: str) -> None:
    """GovCloud and China work where the Powertools layer is published, with that partition's layer."""
    arn = f"arn:{partition}:iam::{ACCOUNT}:role/path/installer"
    found = parse({"home_region": region, "principals": [{"arn": arn}]})
    assert (found.partition, found.roles) == (partition, (arn,))
    assert powertools.layer_arn(partition, region).startswith(f"arn:{partition}:lambda:{region}:")


@pytest.mark.parametrize(
    ("partition", "region", "expected"),
    [
        ("aws", "us-east-1", "function-url"),
        ("aws", "eu-central-1", "function-url"),
        ("aws", "eu-central-2", "http-api"),
        ("aws", "ca-west-1", "http-api"),
        ("aws", "mx-central-1", "http-api"),
        ("aws-us-gov", "us-gov-west-1", "http-api"),
        ("aws-us-gov", "us-gov-east-1", "http-api"),
        ("aws-cn", "cn-north-1", "http-api"),
    ],
)
def test_functions_are_reached_by_what_the_region_has(partition: str, region: str, expected: str) -> None:
    """Where nothing is said, by URLs where they are sure to be, else by HTTP APIs; these can be asked for anywhere."""
    raw: dict[str, Any] = {"home_region": region, "principals": [{"arn": f"arn:{partition}:iam::{ACCOUNT}:user/u"}]}
    assert parse(raw).endpoints == expected
    assert parse({**raw, "endpoints": "http-api"}).endpoints == "http-api"


@pytest.mark.parametrize(
    ("partition", "region"), [("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-north-1"), ("aws", "me-central-1")]
)
def test_urls_that_a_region_lacks_are_refused(partition: str, region: str) -> None:
    """It is told before a deployment that could only fail, and the error names the region and the way out."""
    principals = [{"arn": f"arn:{partition}:iam::{ACCOUNT}:user/u"}]
    with pytest.raises(ConfigurationError) as caught:
        parse({"home_region": region, "principals": principals, "endpoints": "function-url"})
    assert str(caught.value) == (
        f"airlock.endpoints: functions have no URLs in {region}, by AWS's pages "
        '(got "function-url"); fix: write http-api, or remove it, which is the same'
    )


def test_urls_can_be_asked_for_where_aws_s_sources_differ() -> None:
    """Who knows better of a region in doubt is believed."""
    assert parse(configuration(home_region="mx-central-1", endpoints="function-url")).endpoints == "function-url"


@pytest.mark.parametrize(
    ("raw", "key", "value", "fix"),
    [
        (None, "airlock", None, "write an object"),
        ("{", "airlock", "{", "give a JSON object"),
        ([], "airlock", [], "write an object"),
        ({"home_region": "us-east-1"}, "airlock", {"home_region": "us-east-1"}, "write an object"),
        (configuration(home_region="US"), "airlock.home_region", "US", "name the AWS region"),
        (configuration(home_region="xx-nowhere-1"), "airlock.home_region", "xx-nowhere-1", "name the AWS region"),
        (
            configuration(home_region="cn-north-1"),
            "airlock.home_region",
            "cn-north-1",
            "name a region of partition aws",
        ),
        (configuration(principals=[]), "airlock.principals", [], "list one object"),
        (configuration(principals={}), "airlock.principals", {}, "list one object"),
        (configuration(principals=["x"]), "airlock.principals[0]", "x", "write an object such as"),
        (configuration(principals=[{}]), "airlock.principals[0]", {}, "write an object such as"),
        (
            _first(arn=f"{HOME}:root"),
            "airlock.principals[0].arn",
            f"{HOME}:root",
            "give the ARN of an IAM user or role",
        ),
        (_first(arn=GROUP), "airlock.principals[0].arn", GROUP, "give the ARN of an IAM user or role"),
        (_first(arn=f"{HOME}:user/*"), "airlock.principals[0].arn", f"{HOME}:user/*", "no wildcards"),
        (_first(arn=f"{USER}\n"), "airlock.principals[0].arn", f"{USER}\n", "give the ARN of an IAM user or role"),
        (
            _first(arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/installer/me"),
            "airlock.principals[0].arn",
            f"arn:aws:sts::{ACCOUNT}:assumed-role/installer/me",
            "for a session, the ARN of its role",
        ),
        (_first(arn=ROLE), "airlock.principals[1].arn", ROLE, "name each principal once"),
        (_first(groups=[POLICY]), "airlock.principals[0].groups[0]", POLICY, "give the ARN of an IAM group"),
        (
            configuration(principals=[{"arn": ROLE, "groups": [GROUP]}]),
            "airlock.principals[0].groups",
            [GROUP],
            "name groups only for users",
        ),
        (
            _first(arn=f"{HOME}:user/{'u' * 65}"),
            "airlock.principals[0].arn",
            f"{HOME}:user/{'u' * 65}",
            "a name of at most 64 characters",
        ),
        (_first(groups=GROUP), "airlock.principals[0].groups", GROUP, "list the ARNs of the groups"),
        (_first(groups=[GROUP, GROUP]), "airlock.principals[0].groups", [GROUP, GROUP], "each once"),
        (
            _first(policies=["arn:aws:iam::aws:policy/AdministratorAccess"]),
            "airlock.principals[0].policies[0]",
            "arn:aws:iam::aws:policy/AdministratorAccess",
            "AWS's own policies can't be edited",
        ),
        (
            _first(policies=["arn:aws:iam::999999999999:policy/p"]),
            "airlock.principals[0].policies[0]",
            "arn:aws:iam::999999999999:policy/p",
            "one account",
        ),
        (
            configuration(principals=[{"arn": USER}, {"arn": "arn:aws-cn:iam::111122223333:user/u"}]),
            "airlock.principals[1].arn",
            "arn:aws-cn:iam::111122223333:user/u",
            "one account",
        ),
        (_first(timeout_minutes=4), "airlock.principals[0].timeout_minutes", 4, "whole minutes from 5 to 720"),
        (_first(timeout_minutes=721), "airlock.principals[0].timeout_minutes", 721, "whole minutes from 5 to 720"),
        (_first(timeout_minutes="60"), "airlock.principals[0].timeout_minutes", "60", "whole minutes from 5 to 720"),
        (_first(timeout_minutes=True), "airlock.principals[0].timeout_minutes", True, "whole minutes from 5 to 720"),
        (_first(timeout=5), "airlock.principals[0].timeout", 5, "timeout_minutes"),
        (configuration(regions=["us-east-1"]), "airlock.regions", ["us-east-1"], "home_region"),
        (_first(mode="manual"), "airlock.principals[0].mode", "manual", "write automatic, approval"),
        (_first(strategy="open"), "airlock.principals[0].strategy", "open", "write scope"),
        (
            _first(strategy="lift", lifting="ask"),
            "airlock.principals[0].lifting",
            "ask",
            "write approval (people are asked first) or automatic",
        ),
        (_first(lifting="automatic"), "airlock.principals[0].lifting", "automatic", 'add "strategy": "lift"'),
        (
            _first(strategy="scope", lifting="approval"),
            "airlock.principals[0].lifting",
            "approval",
            'add "strategy": "lift"',
        ),
        (_first(wider=True), "airlock.principals[0].wider", True, "write an object such as"),
        (_first(wider={"lift": True}), "airlock.principals[0].wider.lift", True, "write automatic (it opens by"),
        (_first(wider={"network": "never"}), "airlock.principals[0].wider.network", "never", "or off (never)"),
        (_first(wider={"actions": "ask"}), "airlock.principals[0].wider.actions", "ask", "approval (people are asked"),
        (_first(wider={"vpc": "off"}), "airlock.principals[0].wider.vpc", "off", "one of actions, lift, network"),
        (
            _first(strategy="lift", wider={"network": "off"}),
            "airlock.principals[0].wider",
            {"network": "off"},
            '"lifting" says whether a lift asks',
        ),
        (_first(rescue="no"), "airlock.principals[0].rescue", "no", "write true, or false"),
        (_first(grants_per_day=0), "airlock.principals[0].grants_per_day", 0, "give a whole number from 1 to 200"),
        (_first(open_at_once=101), "airlock.principals[0].open_at_once", 101, "give a whole number from 1 to 100"),
        (_first(close_on="deleted"), "airlock.principals[0].close_on", "deleted", "write terminated"),
        (configuration(approvals=[]), "airlock.approvals", [], "write an object such as"),
        (configuration(approvals={"emails": ["me"]}), "airlock.approvals.emails[0]", "me", "give one e-mail address"),
        (configuration(approvals={"links": 1}), "airlock.approvals.links", 1, "write true, or false"),
        (configuration(approvals={"answer_minutes": 4}), "airlock.approvals.answer_minutes", 4, "from 5 to 720"),
        (configuration(approvals={"answer_minutes": 721}), "airlock.approvals.answer_minutes", 721, "from 5 to 720"),
        (configuration(approvals={"page": "x"}), "airlock.approvals.page", "x", "answer_minutes, emails, links, topic"),
        (configuration(approvals={"topic": "x"}), "airlock.approvals.topic", "x", "the ARN of a standard SNS topic"),
        (
            configuration(approvals={"topic": TOPIC.replace("us-east-1", "us-east-2")}),
            "airlock.approvals.topic",
            TOPIC.replace("us-east-1", "us-east-2"),
            "name one in us-east-1",
        ),
        (
            configuration(approvals={"topic": TOPIC, "emails": ["boss@example.com"]}),
            "airlock.approvals.emails",
            ["boss@example.com"],
            "subscribe them to the topic where it was made",
        ),
        (
            configuration(notices_topic=TOPIC),
            "airlock.notice_emails",
            ["ops@example.com"],
            "subscribe them to the topic where it was made",
        ),
        (
            configuration(notices_topic=f"{TOPIC}.fifo", notice_emails=[]),
            "airlock.notices_topic",
            f"{TOPIC}.fifo",
            "a standard SNS topic",
        ),
        (configuration(watched_regions="us-east-2"), "airlock.watched_regions", "us-east-2", "list AWS regions"),
        (configuration(watched_regions=["Ohio"]), "airlock.watched_regions[0]", "Ohio", "name an AWS region"),
        (configuration(watched_regions=["us-east-2"] * 2), "airlock.watched_regions", ["us-east-2"] * 2, "each once"),
        (configuration(watched_regions=["xx-no-1"]), "airlock.watched_regions[0]", "xx-no-1", "name an AWS region"),
        (configuration(watched_regions=["us-east-1"]), "airlock.watched_regions[0]", "us-east-1", "remove it"),
        (
            configuration(watched_regions=["us-east-2", "cn-north-1"]),
            "airlock.watched_regions[1]",
            "cn-north-1",
            "name a region of partition aws",
        ),
        (configuration(trail=True), "airlock.trail", True, "write existing, or create"),
        (configuration(kms_key="alias/mine"), "airlock.kms_key", "alias/mine", "the ARN of a key, not of an alias"),
        (
            configuration(kms_key=KMS_KEY.replace("us-east-1", "eu-west-1")),
            "airlock.kms_key",
            KMS_KEY.replace("us-east-1", "eu-west-1"),
            "name one in us-east-1",
        ),
        (configuration(permissions_boundary=ROLE), "airlock.permissions_boundary", ROLE, "the ARN of a managed policy"),
        (
            configuration(permissions_boundary="arn:aws:iam::999999999999:policy/p"),
            "airlock.permissions_boundary",
            "arn:aws:iam::999999999999:policy/p",
            "a managed policy of that account",
        ),
        (
            configuration(permissions_boundary=POLICY),
            "airlock.principals[0].policies[0]",
            POLICY,
            "bound the roles by another policy",
        ),
        (configuration(tags=["a"]), "airlock.tags", ["a"], "write an object"),
        (configuration(tags={"Team": 7}), "airlock.tags.Team", 7, "at most 256"),
        (configuration(tags={"aws:team": "x"}), "airlock.tags", "aws:team", "not beginning with aws:"),
        (configuration(tags={"Team": "a", "team": "b"}), "airlock.tags.team", "b", "write Team, or name it otherwise"),
        (configuration(tags={"application": "x"}), "airlock.tags.application", "x", "write Application"),
        (configuration(language="de"), "airlock.language", "de", "write en or ja"),
        (configuration(propagation_seconds=46), "airlock.propagation_seconds", 46, "whole seconds from 0 to 45"),
        (configuration(propagation_seconds=-1), "airlock.propagation_seconds", -1, "whole seconds from 0 to 45"),
        (configuration(notice_emails=["ops"]), "airlock.notice_emails[0]", "ops", "give one e-mail address"),
        (configuration(log_retention_days=100), "airlock.log_retention_days", 100, "90, 120"),
        (configuration(endpoints="rest-api"), "airlock.endpoints", "rest-api", "write function-url, or http-api"),
        (
            configuration(home_region="eu-south-2", endpoints="function-url"),
            "airlock.endpoints",
            "function-url",
            "write http-api, or remove it",
        ),
        (configuration(prefix="a-b" * 11), "airlock.prefix", "a-b" * 11, "3 to 32 characters"),
        (configuration(prefix="-Airlock"), "airlock.prefix", "-Airlock", "3 to 32 characters"),
    ],
)
def test_a_bad_value_is_told_with_key_value_and_fix(raw: object, key: str, value: object, fix: str) -> None:
    """Each bad input makes one problem, which names the key's path, shows the value and says what to write."""
    with pytest.raises(ConfigurationError) as caught:
        parse(raw)
    (problem,) = caught.value.problems
    assert (problem.key, problem.value) == (key, value)
    assert fix in problem.fix
    assert str(caught.value) == f"{key}: {problem.what} (got {json.dumps(value)}); fix: {problem.fix}"


@pytest.mark.parametrize("settings", [{"mode": "approval"}, {"strategy": "lift"}])
def test_approval_without_links_is_no_problem(settings: dict[str, Any]) -> None:
    """Where there is no approval page, operators answer by the command line."""
    raw = configuration(principals=[{"arn": USER, **settings}], approvals={"links": False})
    assert parse(raw).approvals.links is False


def test_a_region_without_the_layer_is_refused_with_those_that_have_it() -> None:
    """A region of China for which no Powertools layer is known is refused before it makes a stack that can't deploy."""
    with pytest.raises(ConfigurationError) as caught:
        parse({"home_region": "cn-northwest-1", "principals": [{"arn": f"arn:aws-cn:iam::{ACCOUNT}:user/u"}]})
    (problem,) = caught.value.problems
    assert problem.fix == "choose one of cn-north-1"


def test_all_problems_are_told_at_once() -> None:
    """One run shows every problem, those across keys among them, so that nobody mends them one by one."""
    raw = configuration(
        home_region="us-gov-east-1",
        principals=[
            {"arn": USER, "timeout_minutes": 1},
            {"arn": USER},
            {"arn": "arn:aws:iam::999999999999:user/u", "colour": "red"},
            {"arn": "nobody"},
        ],
        prefix="Mars",
    )
    with pytest.raises(ConfigurationError) as caught:
        parse(raw)
    assert sorted(problem.key for problem in caught.value.problems) == [
        "airlock.home_region",
        "airlock.prefix",
        "airlock.principals[0].timeout_minutes",
        "airlock.principals[1].arn",
        "airlock.principals[2].arn",
        "airlock.principals[2].colour",
        "airlock.principals[3].arn",
    ]
    assert len(str(caught.value).splitlines()) == len(caught.value.problems)


def test_every_retention_that_the_schema_allows_is_one_that_cdk_knows() -> None:
    """The schema's days and CDK's names are the same list, endless retention left out."""
    schema = json.loads(configuration_problems.SCHEMA_FILE.read_text(encoding="utf-8"))
    allowed = {log_retention(days) for days in schema["properties"]["log_retention_days"]["enum"]}
    assert allowed == set(logs.RetentionDays) - {logs.RetentionDays.INFINITE}


def test_a_retention_that_cloudwatch_logs_lacks_is_an_error() -> None:
    """Days that the schema wouldn't pass don't become some other retention."""
    with pytest.raises(ValueError, match="no events for 2 days"):
        log_retention(2)
