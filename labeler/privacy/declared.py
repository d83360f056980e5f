"""What is declared of every table: how long its rows stay, since when, why, and what erasure does.

Bases are articles of the General Data Protection Regulation, named from general knowledge unless a
source stands beside them. How sure a source is: *primary*, a public copy was read; *secondary*,
somebody who cites it; *chosen*, nobody prescribes it. This is no legal advice.
"""

from typing import NamedTuple


class Keep(NamedTuple):
    """How long the rows of a table stay, in words."""

    table: str
    holds: str
    stays: str
    """How long, and from when on; where a setting says, its name."""
    why: str
    erasure: str


ACCOUNTS = (
    "Art. 6(1)(b) and (c); payslips 5 years (L3243-4, Code du travail), accounting 10 years "
    "(L123-22, Code de commerce), primary"
)
DATA = "Art. 6(1)(f), or (e) of a public body: the dataset, and the proof of how it was made"
WORK = "Art. 6(1)(b): the work itself"
PROOF = "Art. 6(1)(c) and 17(3)(e): proof of what was decided about whom, and why"
SAFE = "Art. 6(1)(f): to see whether somebody else signed in; 6 to 12 months, chosen"
APPENDED = "as long as the database: it is appended, and the database refuses to delete"
NUMBER = "stays, under the bare number"
NOTHING = "nothing: it tells of no worker"
AS_PROJECT = "as long as the project"

KEEPS = (
    Keep(
        *("people", "name, address, password's hash, language, key of the pseudonyms"),
        "until they ask to be erased; the number stays",
        "Art. 6(1)(b): the account; contract and 5 years, secondary",
        "all of it goes; the number stays",
    ),
    Keep(
        *("kept_identities", "who a number was, of somebody who was paid and erased"),
        "LABELER_KEEP_ACCOUNTS_YEARS whole years after the last payment; then deleted",
        *(ACCOUNTS, "is made by it: a restricted copy of the name, nothing else"),
    ),
    Keep(
        *("sign_ins", "browsers in which somebody signed in"),
        "LABELER_KEEP_SIGN_INS_DAYS after they ended; then deleted",
        *(SAFE, "deleted"),
    ),
    Keep(
        *("sign_in_links", "links that signed somebody in, as hashes"),
        "LABELER_KEEP_SIGN_INS_DAYS after they ended; then deleted. Who has no password keeps "
        "them: they say who may make another",
        *(SAFE, "deleted"),
    ),
    Keep(
        *("tokens", "tokens of programs, as hashes, with what they were called"),
        "LABELER_KEEP_SIGN_INS_DAYS after they were revoked; then deleted",
        *(SAFE, "deleted"),
    ),
    Keep(
        *("memberships", "role, languages, groups and place in a project"),
        AS_PROJECT,
        "Art. 6(1)(b); the place tells by which rate somebody was paid",
        "ends; the groups go, the place and the languages stay under the number",
    ),
    Keep(
        *("terms", "the terms of a project, by version and language"),
        *(APPENDED, "what was agreed on", NOTHING),
    ),
    Keep(
        *("consents", "who accepted which version, in which language, when"),
        *(APPENDED, "Art. 7(1): proof of consent", NUMBER),
    ),
    Keep(
        *("limits", "how much somebody works at most, as they chose"),
        "until they change it, or are erased",
        *(WORK, "deleted"),
    ),
    Keep(
        *("opt_ins", "what hard to read somebody is willing to judge, as they chose"),
        "until they change it, or are erased",
        *(WORK, "deleted"),
    ),
    Keep(
        *("destinations", "where somebody is paid"),
        "as accounts: emptied with the kept identity of somebody who was erased",
        ACCOUNTS,
        "emptied, but for those that payouts went to: those are vouchers",
    ),
    Keep(*("accounts", "whose money is where"), *(APPENDED, ACCOUNTS, NUMBER)),
    Keep(*("transfers", "every amount that moved, and why"), *(APPENDED, ACCOUNTS, NUMBER)),
    Keep(*("seals", "hashes of the ledger"), *(APPENDED, ACCOUNTS, NOTHING)),
    Keep(
        *("statements", "what somebody earned in a month; no name is in it"),
        *(APPENDED, ACCOUNTS, NUMBER),
    ),
    Keep(
        *("pay_runs", "who made, approved and sent a run of payouts"),
        *("as accounts: nothing deletes it", ACCOUNTS, NUMBER),
    ),
    Keep(
        *("payouts", "what was sent to whom, and what came of it"),
        *("as accounts: nothing deletes it", ACCOUNTS, NUMBER),
    ),
    Keep(
        *("payout_files", "the file that was given to the bank or the service"),
        *(APPENDED, ACCOUNTS),
        "stays as it is, with names and accounts in it: it is the voucher of a payment",
    ),
    Keep(*("payout_layouts", "how files for services are laid out"), *(APPENDED, WORK, NOTHING)),
    Keep(*("rates", "what work pays"), *(APPENDED, ACCOUNTS, NOTHING)),
    Keep(*("budgets", "how much a project may spend"), *(AS_PROJECT, WORK, NOTHING)),
    Keep(*("wage_references", "wages by country, with sources"), *(APPENDED, ACCOUNTS, NOTHING)),
    Keep(
        *("intervals", "when somebody worked, on what"),
        "when pages last told of themselves and were touched: LABELER_KEEP_BEATS_DAYS, then "
        "emptied. The time itself: as long as the database, which refuses to delete",
        "Art. 6(1)(b) and (c): proof of paid time; beats 90 days, intervals 5 years, secondary "
        "and chosen",
        NUMBER,
    ),
    Keep(*("projects", "what is asked, and of how many"), *(AS_PROJECT, WORK, NOTHING)),
    Keep(*("guidelines", "instructions, by version"), *(AS_PROJECT, DATA, NOTHING)),
    Keep(*("rubrics", "forms, by version"), *(AS_PROJECT, DATA, NOTHING)),
    Keep(*("batches", "files that were loaded"), *(AS_PROJECT, DATA, NOTHING)),
    Keep(*("lanes", "the order of the work"), *(AS_PROJECT, WORK, NOTHING)),
    Keep(*("prompts", "what models were asked"), *(AS_PROJECT, DATA, NOTHING)),
    Keep(*("responses", "what models answered"), *(AS_PROJECT, DATA, NOTHING)),
    Keep(*("comparisons", "what is compared"), *(AS_PROJECT, DATA, NOTHING)),
    Keep(*("golds", "known answers"), *(AS_PROJECT, DATA, NOTHING)),
    Keep(*("chat_rules", "how people of a project chat with models"), *(AS_PROJECT, WORK, NOTHING)),
    Keep(
        *("conversations", "who chatted with which two models, in which language, when"),
        *(AS_PROJECT, DATA, "ends; stays, under the bare number"),
    ),
    Keep(
        *("turns", "what somebody wrote to two models, and which answers they read"),
        *(AS_PROJECT, DATA),
        "emptied, but for what they said is better: that is in the dataset, under the bare number",
    ),
    Keep(
        *("chat_links", "links by which visitors come to a chat, as hashes"),
        *(AS_PROJECT, WORK, NOTHING),
    ),
    Keep(
        *("visits", "that somebody is a visitor, and by which link they came"),
        "LABELER_KEEP_SIGN_INS_DAYS after they came; then they are erased, and a number is left",
        *("Art. 6(1)(a): they came by themselves, and nobody asks who they are", NUMBER),
    ),
    Keep(
        *("assignments", "what was given to whom, and what became of it"),
        *(AS_PROJECT, WORK),
        "what is in hand is given back; the rest stays, under the bare number",
    ),
    Keep(
        *("judgments", "what somebody said, with what they wrote beside it"),
        *("as long as the dataset; the database refuses to delete", DATA),
        "stays, under the bare number; releases that are cut later do not name it",
    ),
    Keep(
        *("tallies", "how much somebody did in a part of the work"),
        *(AS_PROJECT, WORK, NUMBER),
    ),
    Keep(*("counts", "how much was done in a project"), *(AS_PROJECT, WORK, NOTHING)),
    Keep(
        *("reliabilities", "how often somebody is right, by expectation"),
        *("worked out anew at every refresh", DATA, NUMBER),
    ),
    Keep(
        *("qualifications", "attempts at the questions before the work"),
        *(AS_PROJECT, WORK, NUMBER),
    ),
    Keep(
        *("reviews", "what reviewers looked at, and what came of it"),
        *(AS_PROJECT, DATA, NUMBER),
    ),
    Keep(
        *("comments", "what reviewers and authors wrote to each other"),
        *(APPENDED, PROOF, NUMBER),
    ),
    Keep(
        *("adjudications", "what a reviewer found of a comparison"),
        *(APPENDED, DATA, NUMBER),
    ),
    Keep(
        *("refusals", "pay that was refused, the hearing and the decision"),
        *(APPENDED, PROOF, NUMBER),
    ),
    Keep(*("disputes", "objections and their answers"), *(APPENDED, PROOF, NUMBER)),
    Keep(
        *("corrections", "what somebody proposed to take back, and who agreed"),
        *(APPENDED, PROOF, NUMBER),
    ),
    Keep(
        *("topics", "what those who work here talk about"),
        *("until whoever began it takes it back, or is erased; its place stays", WORK),
        "its title is emptied",
    ),
    Keep(
        *("posts", "what they write to each other"),
        *("until its author takes it back, or is erased; its place stays", WORK, "emptied"),
    ),
    Keep(
        *("representatives", "who speaks for those who work here, and how they were chosen"),
        *(APPENDED, PROOF, NUMBER),
    ),
    Keep(
        *("remarks", "what the representative says of a project, to be published"),
        *(APPENDED, DATA, NUMBER),
    ),
    Keep(*("declines", "that an owner declined to publish it"), *(APPENDED, PROOF, NOTHING)),
    Keep(
        *("evaluations", "that people evaluated the automated systems, and what they found"),
        *(APPENDED, PROOF, "stays; who took part stands in it as it was written"),
    ),
    Keep(*("snapshots", "how good a project's labels are"), *(AS_PROJECT, DATA, NOTHING)),
    Keep(*("leaderboards", "which models are ahead"), *(AS_PROJECT, DATA, NOTHING)),
    Keep(
        *("jobs", "what was asked to be done in the background, by whom, and what came of it"),
        *(AS_PROJECT, DATA, NUMBER),
    ),
    Keep(
        *("endpoints", "where models answer, how they are asked and under which terms; no key"),
        "as long as the database: a change is a new version, which answers cite",
        *(DATA, NUMBER),
    ),
    Keep(
        *("endpoint_lines", "how fast a model may be asked, and whether it answers"),
        *("as long as the endpoint", WORK, NOTHING),
    ),
    Keep(
        *("calls", "what models were asked, what they answered and what it cost; no name"),
        *(AS_PROJECT, DATA, "stays; of chats, what was never voted on is emptied"),
    ),
    Keep(
        *("purses", "how much calls may cost together, and what they did"),
        *(AS_PROJECT, WORK, NOTHING),
    ),
    Keep(
        *("generations", "which answers were to be drawn from models, and what came of it"),
        *(AS_PROJECT, DATA, NUMBER),
    ),
    Keep(
        *("generation_prompts", "the prompts of those, as their file has them"),
        *(AS_PROJECT, DATA, NOTHING),
    ),
    Keep(
        *("kept_out", "which of those answers are compared with nothing, and why"),
        *(AS_PROJECT, DATA, NOTHING),
    ),
    Keep(
        *("events", "who did what, when; by number, without names"),
        "as long as the database: each carries the hash of the one before it",
        *(PROOF, NUMBER),
    ),
)
