"""Brings events to the region where they happened, and on to the home region by the rules that its stack deployed.

MiniStack's EventBridge has no buses of other regions to hand an event on to, so that is done here: a rule there whose
target is the home region's default bus, and nothing else, takes an event on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from demo.deployment import Deployment
from demo.events import Delivery, DeliveryError, Events, Rule


class Regions:
    """The buses of all regions of a deployment."""

    def __init__(self, home: Deployment, at_home: Events, others: Mapping[str, Events]) -> None:
        self._home = home
        self._at_home = at_home
        self._others = others

    def forwarding(self, event: Mapping[str, Any]) -> list[Rule]:
        """List the rules of another region that hand an event on; none in the home region or where no stack is.

        Raises:
            DeliveryError: such a rule leads elsewhere than to the home region's default bus.
        """
        where = self._others.get(event["region"])
        rules = where.matching(event) if where else []
        for rule in rules:
            if rule.functions or not all(self._is_home(bus) for bus in rule.buses):
                raise DeliveryError(f"rule {rule.name} leads to {[*rule.functions, *rule.buses]}, not to the home bus")
        return [rule for rule in rules if rule.buses]

    def deliver(self, event: Mapping[str, Any]) -> list[Delivery]:
        """Bring an event to its region's bus, and wait for whatever comes of it in the home region.

        Args:
            event: the EventBridge envelope; its ``region`` says where it happened. It arrives as it is, as on AWS.

        Returns:
            One delivery for each call of a function; none where no stack watches.
        """
        if event["region"] == self._home.region:
            return self._at_home.deliver(event)
        return [delivery for _ in self.forwarding(event) for delivery in self._at_home.deliver(event)]

    def _is_home(self, bus: str) -> bool:
        region, _, name = bus.split(":", 5)[3:6]
        return (region, name) == (self._home.region, "event-bus/default")
