"""What programs do about time and pay."""

from datetime import date, timedelta

from labeler.pay import beats, destinations, earnings, missed, weeks, worktime
from labeler.progress import offers
from labeler.progress.systems.entry import Entry, Parameter, System
from labeler.quality import brakes, disputes, refusals
from labeler.said import say
from labeler.work.projects import Project

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def time(_project: Project | None) -> System:
    """Tell of how working time is counted."""
    patience = timedelta(milliseconds=beats.PATIENCE_MS)
    return System(
        "time",
        say("Working time"),
        say("Counts the time for which you are paid."),
        (
            say("that a page with a task is open and in view, and since when"),
            say("that anything was touched: not what"),
        ),
        say("The clock of this site counts, at most once for each moment."),
        [
            Parameter(
                say("Minutes without a touch after which a page rests, at least"),
                patience // MINUTE,
            ),
            Parameter(
                say("Words a minute by which long texts are given longer"), beats.WORDS_PER_MINUTE
            ),
            Parameter(say("Seconds between two pages that count as waiting"), beats.WAIT.seconds),
            Parameter(
                say("Hours at a stretch from which somebody may look"), worktime.LONG // HOUR
            ),
            Parameter(say("Days in which you can add time"), missed.OLDEST // DAY),
        ],
        say("Paid time. What is long is marked so that a person can look, and never cut."),
        say("You can add what is missing and take back what is too much."),
        date(2026, 11, 28),
        ("labeler.pay.beats", "labeler.pay.worktime"),
    )


def reckoning(project: Project | None) -> System:
    """Tell of what a week adds to the pay of its judgments."""
    return System(
        "reckoning",
        say("The week’s reckoning"),
        say("Adds on Monday what was missing to the hourly floor, and what the work costs you."),
        (
            say("what your judgments of the week earned"),
            say("your paid time of the week"),
            say("the rate for where you work"),
        ),
        say("All paid time counts the same. Each line is rounded once, in your favour."),
        [
            *([Parameter(say("Currency"), project.currency)] if project else ()),
            Parameter(say("Weeks back for which added time is still booked"), weeks.LOOKED_AT),
        ],
        say("It only ever adds. No program changes a rate, and rates of offered work only rise."),
        say("Owners set the rates; you can contest a statement."),
        date(2026, 11, 28),
        ("labeler.pay.weeks", "labeler.pay.reckoning"),
        ("topup", "hours", "allowance"),
    )


def pace(_project: Project | None) -> System:
    """Tell of the estimate of time and hourly pay beside an offer."""
    return System(
        "pace",
        say("What an hour pays, by estimate"),
        say("Tells before the first task how long one takes, and what an hour pays then."),
        (say("how long judgments took in the project, without names"),),
        say(
            "Every judgment counts the same. Half took no longer than one figure, three in four no "
            "longer than the other."
        ),
        [
            Parameter(say("Judgments before anything is told"), offers.JUDGMENTS),
            Parameter(say("People before anything is told"), offers.PEOPLE),
        ],
        say("Figures on a page."),
        say("Owners decide what work pays."),
        date(2026, 11, 28),
        ("labeler.progress.offers",),
    )


def approval(_project: Project | None) -> System:
    """Tell of pay that becomes due by itself."""
    return System(
        "approval",
        say("Pay becomes due"),
        say("Makes due what nobody disputes."),
        (say("when something was earned, and whether a person holds it"),),
        say("Time alone counts."),
        [Parameter(say("Hours that pay waits"), earnings.WINDOW // HOUR)],
        say("The pay is yours and is sent with the next payment."),
        say("Only people can hold pay, before it is due, with a reason."),
        date(2026, 11, 28),
        ("labeler.pay.earnings",),
        ("approval",),
    )


def refusal_brakes(_project: Project | None) -> System:
    """Tell of the limits to how much pay people may propose to refuse."""
    return System(
        "brakes",
        say("Limits to refusals"),
        say("Keeps people from refusing much pay at once."),
        (say("how many judgments somebody made, and how many of them are in question"),),
        say("Each limit counts by itself; one proposal is always possible."),
        [
            Parameter(
                say("Of one person’s judgments of 30 days, in a hundred"), brakes.PERCENT_OF_PERSON
            ),
            Parameter(say("Of one person’s judgments in 24 hours"), brakes.PER_DAY),
            Parameter(
                say("Of a batch, in a hundred, before a second owner looks"),
                brakes.PERCENT_OF_BATCH,
            ),
            Parameter(
                say("In a project in 24 hours, before a second owner looks"), brakes.PROJECT_PER_DAY
            ),
        ],
        say("A proposal is turned down, or waits for a second owner. It only protects pay."),
        say("Two people decide whether something is not paid. A program never does."),
        date(2026, 11, 28),
        ("labeler.quality.brakes",),
    )


def lapsing(_project: Project | None) -> System:
    """Tell of what comes of a refusal that nobody decides in time."""
    return System(
        "lapsing",
        say("Deadlines of refusals"),
        say("Pays what nobody decided in time."),
        (say("when pay was put in question, and when you answered"),),
        say("Time alone counts."),
        [
            Parameter(say("Days to appeal"), refusals.TO_ANSWER // DAY),
            Parameter(say("Days to decide"), refusals.TO_DECIDE // DAY),
            Parameter(say("Days to answer a dispute"), disputes.TO_ANSWER // DAY),
        ],
        say("The money is yours, due at once."),
        say("People can decide before, with reasons."),
        date(2026, 11, 28),
        ("labeler.quality.refusals",),
        ("refusal.decided", "lapsed", "release"),
    )


def paying_out(_project: Project | None) -> System:
    """Tell of payouts that wait for somebody to look."""
    return System(
        "paying-out",
        say("Payments that wait"),
        say("Keeps money from being sent where somebody else wants it."),
        (
            say("where you are paid, and when that changed"),
            say("how much is due to you"),
        ),
        say("Each reason is enough by itself."),
        [Parameter(say("Days after a change of where you are paid"), destinations.SETTLES // DAY)],
        say(
            "The payment waits, and the money stays yours. So does what is too little to be sent, "
            "or has no place to go."
        ),
        say("An owner looks, and lets it go with a reason."),
        date(2026, 11, 28),
        ("labeler.pay.payouts",),
        ("no_destination", "other_rail", "changed", "below_step", "full", "balance"),
    )


ENTRIES: tuple[Entry, ...] = (
    *(time, reckoning, pace, approval, refusal_brakes, lapsing, paying_out),
)
