"""The texts in English. The Japanese catalogue has the same names and the same placeholders."""

from __future__ import annotations

TEXTS = {
    # What every message says ------------------------------------------------------------------------------------
    "about.known-region": (
        "Who:      {principal}\n"
        "Cluster:  {cluster} (infra ID {infra_id})\n"
        "Account:  {account}, region {region}\n"
        "Grant:    {grant}"
    ),
    "about.no-region": (
        "Who:      {principal}\n"
        "Cluster:  {cluster} (infra ID {infra_id})\n"
        "Account:  {account}, region not known yet\n"
        "Grant:    {grant}"
    ),
    "opens.scoped": "{action} of",
    "opens.any-action": "EVERY action, not {action} alone, on",
    "opens.from-vpc": "from the VPC {network} only",
    "opens.from-address": "from the address {network} only",
    "opens.from-any": "from any network",
    "opens.kms": "and what S3 itself asks of KMS to decrypt it, where the deny stops that too",
    "opens.kms-any-action": "and whatever S3 itself asks of KMS about them, where the deny stops that too",
    "opens.lifted": (
        "!! EVERYTHING that this principal may do, from ANYWHERE !!\n"
        "Every action and every resource, not only this install's.\n"
        "Whoever holds its credentials can use them from any network."
    ),
    "wider": "WIDER THAN ASKED, for the exact opening can't be had",
    "wider.network": "Network: from anywhere, not from the install's VPC alone; a leaked signed URL works too.",
    "wider.actions": "Actions: also writing, deleting and sharing these files, not reading them alone.",
    "wider.why": "Why: {why}",
    "diff.cut": "[...] This is not all of it. `airlock show {grant}` shows the rest.",
    "diff.cut.page": "[...] This is not all of it. The page and `airlock show {grant}` show the rest.",
    "detail": "Detail:   {detail}",
    "note": "Note:     {note}",
    # The request ------------------------------------------------------------------------------------------------
    "request.subject.scoped": "Approve? OpenShift install {infra_id} by {who}",
    "request.subject.wider": "Approve a WIDER opening? OpenShift install {infra_id} by {who}",
    "request.subject.lifted": "Approve LIFTING the deny? OpenShift install {infra_id} by {who}",
    "request.what": (
        "An OpenShift install has begun. A deny on its principal keeps its bootstrap machine\n"
        "from reading its Ignition file in S3. May the airlock open that deny?"
    ),
    "request.what.wider": (
        "An OpenShift install has begun. A deny on its principal keeps its bootstrap machine\n"
        "from reading its Ignition file in S3. The airlock can't open that deny for this\n"
        "read alone. May it open it wider, for the time below?"
    ),
    "request.opens": "OPENS",
    "request.until": (
        "UNTIL {not_after} at the latest, {minutes} minutes from this request\n"
        "  The policy itself names that time: IAM closes it even if all else fails.\n"
        "  It closes earlier when the bootstrap machine ends."
    ),
    "request.stays.network": (
        "STAYS DENIED\n"
        "  Every other action, every other object, and the same read from any other network\n"
        "  that is denied today. Other principals aren't touched."
    ),
    "request.stays.any-yet": (
        "STAYS DENIED\n"
        "  Every other action and every other object. Other principals aren't touched.\n"
        "  Once the VPC is known, only reads from there stay open, if the policy can say so."
    ),
    "request.stays.any-for-good": (
        "STAYS DENIED\n"
        "  Every other action and every other object. Other principals aren't touched.\n"
        "  It doesn't become narrower when the VPC is known."
    ),
    "request.stays.any-action.network": (
        "STAYS DENIED\n"
        "  Every other object and resource, and the same actions from any other network that\n"
        "  is denied today. Other principals aren't touched."
    ),
    "request.stays.any-action.any-yet": (
        "STAYS DENIED\n"
        "  Every other object and resource. Other principals aren't touched.\n"
        "  Once the VPC is known, only calls from there stay open, if the policy can say so."
    ),
    "request.stays.any-action.any-for-good": (
        "STAYS DENIED\n"
        "  Every other object and resource. Other principals aren't touched.\n"
        "  It doesn't become narrower when the VPC is known."
    ),
    "request.stays.lifted": (
        "STAYS DENIED\n"
        "  Only what other statements deny. Other principals aren't touched.\n"
        "  A lift doesn't become narrower later."
    ),
    "request.answer": "ANSWER until {answer_until}; the first answer counts",
    "request.silence": (
        "If nobody answers, nothing is opened, and the install fails\n"
        "some 20 minutes after its bootstrap machine has started."
    ),
    "request.changes": "POLICY CHANGES",
    # Opened, narrowed, closed -----------------------------------------------------------------------------------
    "open.subject": "Opened: OpenShift install {infra_id} by {who}",
    "open.what": "The deny is open for the fetch of one install.",
    "open.next": (
        "Nothing to do. It closes when the bootstrap machine ends, and at {not_after}\n"
        "at the latest: IAM itself does that. All else stays denied."
    ),
    "open-wider.subject": "Opened WIDER than asked: OpenShift install {infra_id} by {who}",
    "open-wider.what": "The deny is open for one install, wider than its fetch needs.",
    "open-wider.next": (
        "It closes when the bootstrap machine ends, and at {not_after} at the latest: IAM itself\n"
        "does that. To end it now: airlock close {grant}\n"
        "To rule such openings out, set the principal's `wider` in the configuration."
    ),
    "open-lifted.subject": "LIFTED: the deny on {who}, for OpenShift install {infra_id}",
    "open-lifted.what": "The deny on this principal is OFF, as a whole, until the install's bootstrap machine ends.",
    "open-lifted.next": (
        "Watch what the principal does until then. IAM itself ends it at {not_after}.\n"
        "To end it now: airlock close {grant}"
    ),
    "narrow.subject": "Narrowed: OpenShift install {infra_id} by {who}",
    "narrow.what": "Later calls of the install told more of its fetch, so less is open now.",
    "narrow.next": "Nothing to do. It closes at {not_after} at the latest.",
    "narrow-wider.subject": "Narrowed, still WIDER than asked: OpenShift install {infra_id} by {who}",
    "widen.subject": "Widened: OpenShift install {infra_id} by {who}",
    "widen.what": "The fetch takes another way than it looked, so what had been narrowed is wider again.",
    "widen.next": (
        "Nothing to do: it is still no more than the reading of this install's Ignition file.\n"
        "It closes at {not_after} at the latest."
    ),
    "widen-wider.subject": "Widened, WIDER than asked: OpenShift install {infra_id} by {who}",
    "widen-wider.next": (
        "Nothing to do: it is still no more than this install's Ignition file that is open.\n"
        "It closes at {not_after} at the latest. To end it now: airlock close {grant}"
    ),
    "keep-as-is.subject": "Not narrowed: OpenShift install {infra_id} by {who}",
    "keep-as-is.what": "More is known of the fetch, but the policy can't be written that way. It stays as it is.",
    "keep-as-is.next": (
        "The install isn't affected. What is open stays wider than it need be, and closes all the same,\n"
        "at {not_after} at the latest. To close it now: airlock close {grant}"
    ),
    "keep-as-is-wider.subject": "Not narrowed, WIDER than asked: OpenShift install {infra_id} by {who}",
    "close.subject": "Closed: OpenShift install {infra_id} by {who}",
    "close.what": "The deny holds again for this install. It was open for {minutes} minutes.",
    "close.next": "Nothing to do.",
    "close.next.timeout": (
        "If the install is through, nothing. If it failed for lack of time, start it again, and give\n"
        "the principal more time by `timeout_minutes` in the configuration."
    ),
    "close.next.check-failed": (
        "A change of the policy failed the airlock's own check: that is a fault of the airlock's, so\n"
        "it closed the grant. Report it with the audit trail's lines; an install that still waits fails."
    ),
    "close.next.policy-edited": (
        "Somebody edited the policy while it was open; CloudTrail tells who. If the install hasn't\n"
        "read its file yet, it fails: start it again once the policy is as it shall be."
    ),
    "close.next.principal-gone": "The principal isn't there any more, and its policies neither. Nothing to do.",
    "close.next.operator": "If the install hasn't read its file yet, it fails. To let it through, start it again.",
    "close.next.unwritable": (
        "If the install hasn't read its file yet, it fails. Put right what is said above, or let more be\n"
        "opened by the principal's `wider` in the configuration; then start the install again."
    ),
    "expire.subject": "Time over, never opened: OpenShift install {infra_id} by {who}",
    "expire.what": "The grant's time ran out before anything was opened for it.",
    "expire.next": (
        "If the install still runs, it fails at its bootstrap machine. Start it again.\n"
        "If this comes again, look at the alarms: events come late, or the policy can't be written."
    ),
    "end-unopened.subject": "Ended, never opened: OpenShift install {infra_id} by {who}",
    "end-unopened.what": "The install needs the grant no more, and nothing was ever opened for it.",
    "end-unopened.next": "Nothing to do. If people were asked, their answer changes nothing any more.",
    # Why a grant ended ------------------------------------------------------------------------------------------
    "fetched": "Fetched:  its console showed at {at} that it has its Ignition file",
    "why": "Why:      {why}",
    "why.instance-ended": "the bootstrap machine shut down",
    "why.bucket-deleted": "the bootstrap bucket was deleted",
    "why.timeout": "its time ran out",
    "why.policy-edited": "somebody edited the policy, and what was open can't go on in it",
    "why.principal-gone": "the principal is gone",
    "why.fetched": "the bootstrap machine has its Ignition file",
    "why.operator": "an operator ordered it: {by}",
    "why.rejected": "rejected by {by}",
    "why.unanswered": "nobody answered in time",
    "why.check-failed": "a rewritten policy failed the airlock's own check",
    "why.other": "{detail}",
    "why.nothing-to-open": "no deny stood in the way",
    # Refused ----------------------------------------------------------------------------------------------------
    "refuse.subject": "Refused: OpenShift install {infra_id} by {who}",
    "refuse.what": (
        "The airlock can't open the deny for this install. Nothing is open for it.\n"
        "The install fails at its bootstrap machine; you can stop it now."
    ),
    "remedy.not-named": (
        "The deny stands in a policy that others may share, or in a permissions boundary, and the\n"
        "configuration doesn't name it. Add it to the principal's `groups` or `policies` and deploy; then\n"
        "start the install again."
    ),
    "remedy.too-large": (
        "The opened policy would be larger than IAM allows. Move statements that have nothing to do with\n"
        "it to another policy. Or let it open wider: by `wider`, where that is `off`, or by\n"
        "`strategy: lift`, which adds one condition."
    ),
    "remedy.condition-taken": (
        "The deny has conditions of its own where the airlock would have to add one. Simplify them.\n"
        "Or let it open wider: by `wider`, where that is `off`, or by `strategy: lift`.\n"
        "Then start the install again."
    ),
    "remedy.still-denied": (
        "Even with the source-network deny open, the fetch would be denied by something else: see the\n"
        "detail. So nothing was opened. Put that right first; then start the install again."
    ),
    "remedy.stray-airlock-statement": (
        "A policy holds a statement named Airlock that the airlock's ledger doesn't know of.\n"
        "Compare it with its former version, put it right by hand; then start the install again."
    ),
    "remedy.policy-text": (
        "A policy of the principal can't be read as one. Look at the detail, write it anew in IAM;\n"
        "then start the install again."
    ),
    "remedy.principal-gone": (
        "The user or role isn't there any more. If it was made anew under another name or path,\n"
        "enrol that ARN in the configuration and deploy."
    ),
    "remedy.not-enrolled": (
        "The principal isn't in the configuration any more.\n"
        "If it shall be served, enrol it and deploy; then start the install again."
    ),
    "remedy.overlapping-objects": (
        "Another grant is open for the same objects: two principals install under one infra ID, or\n"
        "one of them only says so. Find out which is yours, and wait until the other grant is closed."
    ),
    "remedy.refused-by-iam": (
        "IAM didn't take the new policy; the detail says why. If the airlock's role isn't allowed to\n"
        "write it (an SCP, a boundary), allow that; then start the install again."
    ),
    "remedy.action-pattern": (
        "The deny's list of actions has no exact form without this one read. Name whole actions or `*`,\n"
        "with S3 in a statement of its own. Or let it open wider: by `wider.actions` or `wider.lift`,\n"
        "where they are `off`, or by `strategy: lift`."
    ),
    "remedy.resource-pattern": (
        "The deny's list of resources has no exact form without the Ignition file. Name the resources\n"
        "without odd patterns. Or let it be lifted: by `wider.lift`, where that is `off`, or by\n"
        "`strategy: lift`."
    ),
    "remedy.address": (
        "The deny names a source address that can't be read as one, so it can't be told what it denies.\n"
        "Put the address right in the policy; then start the install again."
    ),
    "remedy.allow-by-network": (
        "No deny is in the way: the principal is allowed to read from some networks only, and the airlock\n"
        "never adds an Allow. By hand, let that Allow take in the install's VPC, or allow s3:GetObject on\n"
        "the bootstrap objects in a statement of its own; then start the install again."
    ),
    "remedy.aws-managed": (
        "The deny stands in one of AWS's own policies, which nobody can edit. Attach a copy of your own\n"
        "in its place, name it in the principal's `policies` and deploy; then start the install again."
    ),
    "remedy.scp": (
        "The organization denies the fetch by a service control policy, which no policy of this account\n"
        "can open. Ask whoever looks after the organization for an exception, or use another account."
    ),
    "remedy.simulator-disagrees": (
        "IAM's own simulator says otherwise than the airlock's reading of the policies, so nothing was\n"
        "opened. Report it with the detail, for one of them is wrong; install in another way till then."
    ),
    "remedy.too-many-today": (
        "If these installs are meant, raise `grants_per_day` of the principal in the configuration.\n"
        "If not, somebody uses its credentials: look at CloudTrail. Further ones are only in the audit trail."
    ),
    "remedy.too-many-open": (
        "If these installs are meant, raise `open_at_once` of the principal in the configuration, or wait\n"
        "until one has ended. If not, somebody uses its credentials: look at CloudTrail."
    ),
    "remedy.cool-down": (
        "Put right what the notices before this one tell, and start the install again after that time."
    ),
    "remedy.lifted": (
        "Not even the lift of the deny has a form that IAM would take. Put right what the detail says;\n"
        "then start the install again."
    ),
    "remedy.check-failed": (
        "The rewritten policy failed the airlock's own check before it was written: that is a fault of\n"
        "the airlock's. Nothing was opened. Report it with the detail, and install in another way till then."
    ),
    "remedy.other": (
        "Put right what the detail says; then start the install again. If the deny must stay as it is,\n"
        "a wider form may serve: by the principal's `wider`, where that is `off`, or by `strategy: lift`,\n"
        "which puts the deny off as a whole, for the time."
    ),
    # Answers ----------------------------------------------------------------------------------------------------
    "approve.subject": "Approved: OpenShift install {infra_id} by {who}",
    "approve.what": "An approval was taken up. The airlock opens the deny now, and tells so when it is open.",
    "approve.next": "Nothing to do. If you know nothing of this approval: airlock close {grant}",
    "approve-wider.subject": "Approved, WIDER than asked: OpenShift install {infra_id} by {who}",
    "reject.subject": "Rejected: OpenShift install {infra_id} by {who}",
    "reject.what": "The request was rejected. Nothing is opened, and the install fails.",
    "reject.next": "The answer stands for this install. To let another try through, start the install again.",
    "unanswered.subject": "Unanswered: OpenShift install {infra_id} by {who}",
    "unanswered.what": "Nobody answered the request in time. Nothing is opened, and the install fails.",
    "unanswered.next": (
        "Start the install again when somebody is there to answer.\nOr approve it ahead, before it starts."
    ),
    "answer.link": "Answer:   by the link, from {by}",
    "answer.iam": "Answer:   by {by}",
    "answer.ahead": "Answer:   ahead of the install, by {by}",
    # Observed ---------------------------------------------------------------------------------------------------
    "observe.subject": "Observed: OpenShift install {infra_id} by {who}",
    "observe.what": "Nothing is opened: this principal is only observed. The airlock would have opened",
    "observe.next": (
        "If a deny stands in the way, the install fails at its bootstrap machine.\n"
        "To serve the principal, set its `mode` to `approval` or `automatic` and deploy."
    ),
    "observe-wider.subject": "Observed, WIDER than asked: OpenShift install {infra_id} by {who}",
    "observe-wider.what": (
        "Nothing is opened: this principal is only observed. The airlock would have opened, or asked for"
    ),
    "observe-change.subject": "Observed, changed: OpenShift install {infra_id} by {who}",
    "observe-change.what": "Nothing is opened: this principal is only observed. By now the airlock would have opened",
    "observe-change.next": "Nothing to do. The plan changes as later calls of the install tell more.",
    "observe-change-wider.subject": ("Observed, changed, WIDER than asked: OpenShift install {infra_id} by {who}"),
    "observe-change-wider.what": (
        "Nothing is opened: this principal is only observed. By now the airlock would have opened, or\nasked for"
    ),
    "observe-end.subject": "Observed to its end: OpenShift install {infra_id} by {who}",
    "observe-end.what": "The airlock would have closed now. This principal is only observed; nothing was opened.",
    "observe-end.next": ("To serve the principal, set its `mode` to `approval` or `automatic` and deploy."),
    "observe.changes": "WOULD HAVE CHANGED",
    # The bootstrap machine --------------------------------------------------------------------------------------
    "machine": "Machine:  {instance}",
    "rescue.subject": "Rescued: OpenShift install {infra_id} by {who}",
    "rescue.what": (
        "The bootstrap machine had asked for its Ignition file before the deny was open for it, and was\n"
        "refused. The airlock has rebooted it, once, so that it asks again."
    ),
    "rescue.next": "Nothing to do but watch: the install should go on within some minutes.",
    "rescue-failed.subject": "ALARM: reboot by hand, OpenShift install {infra_id} by {who}",
    "rescue-failed.what": (
        "The bootstrap machine was refused its Ignition file before the deny was open for it, and waits.\n"
        "The airlock could not reboot it."
    ),
    "rescue-failed.next": (
        "See in EC2 that it is this install's bootstrap machine, and reboot it now (Instance state >\n"
        "Reboot instance): it then asks again. Be quick: the installer waits for the cluster's API only\n"
        "20 minutes, and the URL that the machine was given counts for an hour."
    ),
    "not-helped.subject": "ALARM: still refused, OpenShift install {infra_id} by {who}",
    "not-helped.what": "The bootstrap machine is refused its Ignition file although the deny is open for it.",
    "not-helped.next": (
        "Something else denies, which the airlock can't see or may not change. Look for an SCP, an RCP,\n"
        "the bucket's policy, the VPC endpoint's policy, or a session policy of who assumed the role.\n"
        "Put it right, then reboot the instance in EC2, or start the install again."
    ),
    # Alarms about policies --------------------------------------------------------------------------------------
    "place": "Policy:   {place}",
    "grants": "Grants:   {grants}",
    "drift.subject": "ALARM: a policy was edited while it was open: {name}",
    "drift.what": "Somebody changed a policy while the airlock had it open. The edit is kept.",
    "detached.subject": "ALARM: a policy was detached while it was open: {name}",
    "detached.what": "A policy that the airlock has open doesn't apply to the installer any more. It stays detached.",
    "drift.next": "Look in CloudTrail for who did it and why, and whether the policy is as it shall be.",
    "close-failed.subject": "ALARM: not closed yet, OpenShift install {infra_id} by {who}",
    "close-failed.what": (
        "The grant is over, but the airlock can't put the policy back: IAM didn't take it for the\n"
        "second time. It tries again each minute, until it has, and tells when it is closed."
    ),
    "close-failed.next": (
        "IAM itself closes what is open at {not_after}, whatever comes of it. Look at the detail:\n"
        "is the airlock's role not allowed to write the policy any more (an SCP, a boundary)?"
    ),
}
