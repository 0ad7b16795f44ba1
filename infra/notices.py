"""The notices topic: a short message when a grant opens, closes or is refused."""

from __future__ import annotations

from constructs import Construct

from infra.configuration import Configuration
from infra.topics import make_topic


class Notices(Construct):
    """The topic and its e-mail subscriptions."""

    def __init__(self, scope: Construct, construct_id: str, configuration: Configuration) -> None:
        super().__init__(scope, construct_id)
        self.topic = make_topic(self, "Bootstrap Airlock", configuration.notice_emails)
