"""Bringing texts into IAM: write, read back, and undo what can't be finished."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from airlock.errors import OldReadError, RefusedByIamError
from airlock.policy.place import HeldPolicy, PolicyKind, PolicyPlace
from airlock.ports import Clock, Policies
from airlock.reconcile.run import Run, about_to_write, now_written, with_version
from airlock.records import PolicyRecord

READ_BACK_SECONDS = (0.0, 1.0, 2.0, 4.0)
"""Pauses before each attempt to read back what was written: IAM may show the old text for some seconds."""


class NotConfirmedError(Exception):
    """IAM took a write but didn't show it when read back; the ledger keeps the intent, and the sweep looks again."""


class Writer:
    """Writes the policies of one reconciliation."""

    def __init__(self, policies: Policies, clock: Clock, write_ahead: Callable[[Run], None]) -> None:
        self._policies = policies
        self._clock = clock
        self._write_ahead = write_ahead

    def write_all(self, run: Run, places: Sequence[PolicyPlace]) -> None:
        """Write each policy's intent, or none: if one fails while something is being opened, undo those before it.

        Raises:
            RefusedByIamError: IAM won't take a text.
            NotConfirmedError: IAM doesn't show a text that it took.
        """
        done: list[PolicyRecord] = []
        try:
            for place in places:
                done.append(run.record_of(place))
                self._write_one(run, place)
        except RefusedByIamError as error:
            refused = done.pop()
            self._undo(run, done)
            if not self._stands_as_before(run, refused):
                # What is there may be an earlier run's work, not shown to this one: the intent must not be forgotten.
                raise NotConfirmedError(f"{error}; and {refused.place} isn't as it was read before") from error
            # Nothing of this one is on its way to IAM, so its intent is void.
            run.keep_record(replace(refused, intended=None))
            raise
        except Exception:
            self._undo(run, done)
            raise

    def delete_leftovers(self, run: Run) -> None:
        """Delete the versions that a run left behind which died between restoring a policy and tidying up."""
        for place, record in run.records().items():
            if record.written == record.baseline and record.versions:
                self._policies.delete_versions(place, record.versions)
                run.keep_record(replace(record, versions=()))

    def _write_one(self, run: Run, place: PolicyPlace) -> None:
        record = run.record_of(place)
        held = run.held.get(place)
        before = held.text if held else record.written
        text = record.intended if record.intended is not None else record.baseline
        # Also where the text seems to stand already: an old read may hide what an earlier run wrote before it died.
        try:
            record = self._put(record, text)
            self._read_back(place, text)
        except Exception as error:
            run.written(record, before, text, "failed", f"{type(error).__name__}: {error}")
            raise
        run.written(record, before, text, "restored" if text == record.baseline else "written")
        run.keep_record(now_written(record, text, self._clock.now()))

    def _put(self, record: PolicyRecord, text: str) -> PolicyRecord:
        """Write one policy; of a managed one, go back to the baseline's own version rather than make a copy."""
        place = record.place
        if place.kind is not PolicyKind.MANAGED:
            self._policies.write(place, text, None)
            return record
        if (
            text == record.baseline
            and record.baseline_version
            and self._policies.switch_back(place, record.baseline_version)
        ):
            self._delete_all_but(record.baseline_version, record)
            return replace(record, versions=())
        version = self._policies.write(place, text, record.baseline_version, record.versions)
        self._delete_all_but(version, record)
        return with_version(replace(record, versions=()), HeldPolicy(place, text, version))

    def _delete_all_but(self, default: str | None, record: PolicyRecord) -> None:
        """Delete the airlock's versions; of a policy that was made anew, a number may be the default's by now."""
        self._policies.delete_versions(record.place, [one for one in record.versions if one != default])

    def _stands_as_before(self, run: Run, record: PolicyRecord) -> bool:
        """Whether IAM shows a policy as this run read it before it wrote, or that it is gone."""
        before = run.held.get(record.place)
        held = self._policies.read(record.place)
        return held is None or held.text == (before.text if before else record.written)

    def _read_back(self, place: PolicyPlace, text: str) -> None:
        for pause in READ_BACK_SECONDS:
            if pause:
                self._clock.sleep(pause)
            with contextlib.suppress(OldReadError):
                held = self._policies.read(place)
                if held is not None and held.text == text:
                    return
        raise NotConfirmedError(f"{place} was written, but IAM doesn't show the new text yet")

    def _undo(self, run: Run, records: Sequence[PolicyRecord]) -> None:
        """Put policies back to what they were before a failed set of writes: all targets or none.

        Only where something was being opened: a restoration that is done in part is never undone. What can't be
        undone here is in the ledger as an intent, and the sweep finishes it.
        """
        if not run.newcomers():
            return
        with contextlib.suppress(Exception):
            wrong = [pair for record in records if (pair := self._to_undo(run, record))]
            if wrong:
                self._write_ahead(run)
            for held, text in wrong:
                self._undo_one(run, held, text)

    def _to_undo(self, run: Run, record: PolicyRecord) -> tuple[HeldPolicy, str] | None:
        """The policy as IAM holds it and its former text, now the intent; None where there is nothing to undo."""
        before = run.held.get(record.place)
        text = before.text if before else record.written
        held = self._policies.read(record.place)
        if held is None or held.text != record.intended or held.text == text:
            return None
        run.keep_record(about_to_write(with_version(record, held), text, self._clock.now()))
        return held, text

    def _undo_one(self, run: Run, held: HeldPolicy, text: str) -> None:
        record = run.record_of(held.place)
        with contextlib.suppress(Exception):
            try:
                undone = self._put(record, text)
            except Exception as error:
                run.written(record, held.text, text, "failed", f"{type(error).__name__}: {error}")
                raise
            run.keep_record(now_written(undone, text, self._clock.now()))
            run.written(record, held.text, text, "undone")
