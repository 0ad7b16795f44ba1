"""``airlock doctor``: from a principal's ARN to what is told of it."""

from __future__ import annotations

from datetime import timedelta

from airlock.install.names import Era, bootstrap_object_arns
from airlock.policy.exemption import Exemption
from airlock_cli.doctor.examining import examine
from airlock_cli.doctor.reading import read
from airlock_cli.doctor.result import Diagnosis, Verdict, diagnosis_json
from airlock_cli.doctor.telling import tell_diagnosis
from airlock_cli.operators import account
from airlock_cli.operators.options import Options
from airlock_cli.operators.page import Page, put_json
from airlock_cli.operators.troubles import troubles_told
from airlock_cli.plan.asked import objects_of
from airlock_cli.plan.calls import calls_of
from airlock_cli.replay.principal import Principal

SAMPLE_INFRA_ID = "sample-a1b2c"
_WINDOW = timedelta(hours=1)


def diagnose(
    options: Options, arn: str, infra_id: str | None, organization_profile: str | None = None, *, as_json: bool
) -> Verdict:
    """Look at a principal's policies, and tell what is found.

    Args:
        options: where the caller's credentials are from.
        arn: the principal.
        infra_id: of the install; None for a made-up one.
        organization_profile: an AWS profile that may read the organization; None for the same credentials.
        as_json: whether to tell it to programs.

    Raises:
        InputError: the ARN or the infra ID isn't one.
        NotFoundError: there is no such principal.
        AwsError: AWS can't be reached, or denies access.
    """
    principal = Principal.of(arn)
    chosen = SAMPLE_INFRA_ID if infra_id is None else infra_id
    now = account.CLOCK.now()
    wanted = Exemption(
        principal=principal.arn,
        objects=objects_of(chosen, principal.partition),
        encrypted=bootstrap_object_arns(chosen, principal.partition, Era.CAPA),
        not_after=now + _WINDOW,
    )
    with troubles_told():
        held = read(options, principal, calls_of(wanted, now), organization_profile)
    found = examine(held.policies, held.organization, wanted, now)
    diagnosis = Diagnosis(principal=principal, infra_id=chosen, sample=infra_id is None, held=held, findings=found)
    if as_json:
        put_json(diagnosis_json(diagnosis))
    else:
        tell_diagnosis(Page(), diagnosis)
    return diagnosis.verdict
