"""The page's texts in English. The Japanese catalogue has the same names and the same placeholders."""

from __future__ import annotations

TEXTS = {
    "title": "{heading} - Bootstrap Airlock",
    # The request ------------------------------------------------------------------------------------------------
    "ask.heading.scoped": "Open the fence for one install?",
    "ask.heading.wider": "Open the fence wider than asked for one install?",
    "ask.heading.lifted": "Lift the whole fence for one principal?",
    "ask.what": (
        "An OpenShift install has begun. A deny on its principal keeps the install's bootstrap machine from reading "
        "its Ignition file in S3. May the airlock open that deny?"
    ),
    "ask.wider": "The deny can't be opened for that reading alone, so this asks for more than the install needs.",
    "ask.unknown": "If you don't know of this install, ask its owner first, or reject it.",
    "about.heading": "Who asks",
    "about.principal": "Principal",
    "about.infra-id": "Cluster (infra ID)",
    "about.account": "Account",
    "about.region": "Region",
    "about.region-unknown": "not known yet",
    "about.grant": "Grant",
    "about.asked": "Asked",
    "opens.heading": "What opens",
    "opens.scoped": "Reading (s3:GetObject) of the install's Ignition file, and nothing else:",
    "opens.any-action": (
        "EVERY action, not reading (s3:GetObject) alone, on the install's Ignition file, and on nothing else:"
    ),
    "opens.one-of-two": "It will be one of the two: which one depends on the installer's release.",
    "opens.from-vpc": "From the VPC {network} only.",
    "opens.from-address": "From the address {network} only.",
    "opens.from-any": (
        "From any network. Once the install's VPC is known, from that VPC only, if the policy can say so."
    ),
    "opens.from-any-for-good": "From ANY network, also once the install's VPC is known.",
    "opens.kms": "And what S3 itself asks of KMS to decrypt the file, where the deny stops that too.",
    "opens.kms-any-action": "And whatever S3 itself asks of KMS about the file, where the deny stops that too.",
    "opens.until": (
        "Until {until} at the latest. The policy itself names that time, so IAM closes it even if all else fails. It "
        "closes earlier when the bootstrap machine ends."
    ),
    "opens.later": (
        "If the fetch turns out to take another way, the airlock follows it: the network can change, but never the "
        "action, the install or the time."
    ),
    "wider.heading": "Warning: this opens more than the install needs",
    "wider.lead": "Wider than asked:",
    "wider.network": "Network: from anywhere, not from the install's VPC alone. A signed URL that leaks works too.",
    "wider.actions": "Actions: also writing, deleting and sharing the file, not reading it alone.",
    "wider.why": "Why the exact opening can't be had:",
    "lift.heading": "Warning: this puts the whole deny off",
    "lift.everything": "EVERY call of this principal is let through, from ANYWHERE, until {until}.",
    "lift.who": "Every action and every resource. Whoever holds its credentials can use them from any network.",
    "stays.heading": "What stays denied",
    "stays.network": (
        "Every other action and every other object, the same read from any other network that is denied today, and "
        "all of it after that time. Other principals aren't touched."
    ),
    "stays.any": (
        "Every other action and every other object, and all of it after that time. Other principals aren't touched."
    ),
    "stays.any-action.network": (
        "Every other object and resource, the same actions from any other network that is denied today, and all of it "
        "after that time. Other principals aren't touched."
    ),
    "stays.any-action.any": (
        "Every other object and resource, and all of it after that time. Other principals aren't touched."
    ),
    "stays.lifted": (
        "Only what other statements deny, until that time. Other principals aren't touched. A lift doesn't become "
        "narrower as the install goes on."
    ),
    "changes.heading": "What changes in the policies",
    "changes.lead": (
        "A line with + comes in, one with - goes out. When the grant ends, each policy is put back to the byte."
    ),
    "changes.of": "Changes of {place}",
    "changes.none": "The changes weren't kept with the request. Ask an operator for them: airlock show {grant}",
    # The answer -------------------------------------------------------------------------------------------------
    "answer.heading": "Your answer",
    "answer.until": "It counts until {until}, for {minutes} more minutes. The first answer stands.",
    "answer.silence": "If nobody answers, nothing is opened, and the install fails.",
    "answer.note": "Note (optional)",
    "answer.note-help": "At most {limit} characters. It is kept with your answer, so no secrets.",
    "answer.address": "The address that you answer from is kept too.",
    "answer.approve": "Approve",
    "answer.approve-wider": "Approve the wider opening",
    "answer.approve-lift": "Approve the lift",
    "answer.reject": "Reject",
    "decision.heading": "The answer",
    "decision.answer": "Answer",
    "decision.approved": "Approved",
    "decision.rejected": "Rejected",
    "decision.by": "By",
    "decision.by.link": "who held the link, from the address {by}",
    "decision.by.iam": "{by}, signed with IAM credentials",
    "decision.by.ahead": "{by}, ahead of time",
    "decision.at": "When",
    "decision.note": "Note",
    "order.heading": "The order to close",
    "ended.heading": "What came of it",
    "ended.opened": "Opened",
    "ended.closed": "Ended",
    "ended.why": "Why",
    "ended.detail": "Detail",
    # How a request stands ---------------------------------------------------------------------------------------
    "standing.preparing.heading": "Not asked yet",
    "standing.preparing.what": "The airlock is working on this grant.",
    "standing.preparing.next": "Load this page again in a minute.",
    "standing.approved.heading": "Approved",
    "standing.approved.what": "The approval is kept, and stands. The airlock acts on it within a minute.",
    "standing.approved.next": "Nothing to do. Whoever gets the notices is told when the deny is open.",
    "standing.rejected.heading": "Rejected",
    "standing.rejected.what": "The rejection is kept, and stands. Nothing is opened for this install, and it fails.",
    "standing.rejected.next": "If it was a mistake, have the install started again: a new request comes.",
    "standing.unanswered.heading": "Not answered in time",
    "standing.unanswered.what": "The time to answer is over. Nothing was opened for this install, and it fails.",
    "standing.unanswered.next": (
        "Have the install started again when somebody is there to answer, or let an operator approve it ahead."
    ),
    "standing.misfit.heading": "Answered otherwise",
    "standing.misfit.what": "There is an answer to this install, but not to what is asked now. Nothing is opened.",
    "standing.misfit.next": "Have the install started again: a new request comes.",
    "standing.open.heading": "Open",
    "standing.open.what": "The deny is open for this install, until {until} at the latest.",
    "standing.open.next": "Nothing to do. To end it now, an operator runs: airlock close {grant}",
    "standing.closing.heading": "Closing",
    "standing.closing.what": "The airlock is putting the policies back.",
    "standing.closing.next": "Nothing to do.",
    "standing.closed.heading": "Closed",
    "standing.closed.what": "The deny was open for this install, and holds again.",
    "standing.closed.next": "Nothing to do.",
    "standing.ended.heading": "Not needed any more",
    "standing.ended.what": "The request has ended, and nothing was opened for it.",
    "standing.ended.next": "Nothing to do.",
    "standing.expired.heading": "Time over",
    "standing.expired.what": "The grant's time ran out before anything was opened.",
    "standing.expired.next": "If the install still runs, it fails. Have it started again: a new request comes.",
    "standing.refused.heading": "Can't be opened",
    "standing.refused.what": "The airlock can't open the deny for this install. No policy was changed.",
    "standing.refused.next": "Put right what the detail says, then have the install started again.",
    "standing.observed.heading": "Only observed",
    "standing.observed.what": "This principal is only observed. Nothing is opened for it.",
    "standing.observed.next": "Nothing to do.",
    # Why a grant ended ------------------------------------------------------------------------------------------
    "why.instance-ended": "the bootstrap machine shut down",
    "why.bucket-deleted": "the bootstrap bucket was deleted",
    "why.timeout": "its time ran out",
    "why.nothing-to-open": "no deny stood in the way",
    "why.check-failed": "a rewritten policy failed the airlock's own check",
    "why.policy-edited": "somebody edited the policy, and what was open can't go on in it",
    "why.principal-gone": "the principal is gone",
    "why.fetched": "the bootstrap machine has its Ignition file",
    "why.operator": "an operator ordered it",
    "why.rejected": "it was rejected",
    "why.unanswered": "nobody answered in time",
    "why.other": "{reason}",
    # What can be wrong ------------------------------------------------------------------------------------------
    "problem.no-link.heading": "This link doesn't work",
    "problem.no-link.what": "The address isn't one that the airlock made, or a part of it is missing.",
    "problem.no-link.next": "Open the link in the request itself. If it is broken over two lines, copy all of it.",
    "problem.expired.heading": "This link is too old",
    "problem.expired.what": "The link counted until {until}. Nothing can be answered by it any more.",
    "problem.expired.next": (
        "If the install still needs its grant, have it started again: a new request comes, with a new link."
    ),
    "problem.expired.stands": "What became of the request: {standing}.",
    "problem.gone.heading": "No such request",
    "problem.gone.what": "The ledger doesn't know this request (any more).",
    "problem.gone.next": "If the install still runs, ask an operator to look for it: airlock status",
    "problem.replaced.heading": "Another question is open now",
    "problem.replaced.what": "This link asks for something else than what the airlock asks now. Nothing was decided.",
    "problem.replaced.next": "Open the link in the newest request about this install.",
    "problem.not-found.heading": "No such page",
    "problem.not-found.what": "The approval page has no other pages.",
    "problem.not-found.next": "Open the link in the request.",
    "problem.wrong-method.heading": "Not possible here",
    "problem.wrong-method.what": "The page can be looked at and answered, nothing else.",
    "problem.wrong-method.next": "Open the link in the request, in a browser.",
    "problem.cross-site.heading": "Not answered",
    "problem.cross-site.what": "The answer came from another site or from a mail, not from this page. It wasn't taken.",
    "problem.cross-site.next": "Open the link in the request, read the page, and answer there.",
    "problem.wrong-type.heading": "Not answered",
    "problem.wrong-type.what": "What came isn't the form of this page.",
    "problem.wrong-type.next": "Open the link in the request, in a browser, and answer there.",
    "problem.too-large.heading": "Not answered",
    "problem.too-large.what": "What came is larger than the form of this page can be.",
    "problem.too-large.next": "Open the link in the request again, and write a shorter note.",
    "problem.bad-form.heading": "Not answered",
    "problem.bad-form.what": "The form came in parts, or names no decision.",
    "problem.bad-form.next": "Open the link in the request again, and answer by one of its buttons.",
    "problem.bad-note.heading": "Not answered",
    "problem.bad-note.what": "The note is longer than {limit} characters, or holds characters that can't be seen.",
    "problem.bad-note.next": "Go back, and write a note of one line of plain text.",
    "problem.failed.heading": "Something went wrong",
    "problem.failed.what": "The airlock couldn't read or keep what this page needs, so an answer may be lost.",
    "problem.failed.next": "Open the link again in a minute; it shows what stands. If it fails again, tell operators.",
}
