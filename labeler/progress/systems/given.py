"""What programs do about who is given which work, and when."""

from datetime import date, timedelta

from labeler.pay import exposure, limits
from labeler.people import accounts
from labeler.progress.systems.entry import Entry, Parameter, System
from labeler.said import say
from labeler.stats import posterior
from labeler.work import looks, second_looks, slots
from labeler.work.projects import Project

HOUR = timedelta(hours=1)


def queue(project: Project | None) -> System:
    """Tell of the order in which work is given out."""
    found = [
        Parameter(
            say("Known answers among a beginner’s work, at least"), looks.BEGINNERS_SHARE, True
        ),
        Parameter(say("Other judgments before a second look, at least"), second_looks.REST),
        Parameter(say("Hours before a second look, at least"), second_looks.DAY // HOUR),
        Parameter(say("Begun comparisons that are tried before a new one"), slots.SAMPLE),
    ]
    return System(
        "queue",
        say("Order of work"),
        say("Chooses which comparison you are given next."),
        (
            say("the languages and groups that you work in"),
            say("which comparisons you were given before, and how many"),
            say("how many people have judged each comparison, or are judging it"),
        ),
        say(
            "First counts the priority that owners give a batch, then the age of the batch. In a "
            "batch languages take turns, each as often as it has comparisons. What others have "
            "begun goes before what is new. Chance decides the rest. How you judged counts for "
            "nothing."
        ),
        found if project is None else [*_of_queue(project), *found],
        say("What you see next. It changes no pay, and a skip changes nothing of it."),
        say("Owners choose the priorities and limits."),
        date(2026, 11, 23),
        ("labeler.work.queue", "labeler.work.looks", "labeler.work.slots"),
    )


def _of_queue(project: Project) -> list[Parameter]:
    languages = ", ".join(f"{tag}: {n}" for tag, n in sorted(project.most_per_language.items()))
    return [
        Parameter(say("Share of known answers"), project.gold_share, True),
        Parameter(say("Share of second looks"), project.repeat_share, True),
        Parameter(say("First judgments in which you are told what was right"), project.onboarding),
        Parameter(say("Comparisons for one person, at most"), project.most_per_person),
        Parameter(say("Comparisons for one person by language, at most"), languages or None),
        Parameter(
            say("Minutes until what nobody finished is given to others"), project.time_limit_s // 60
        ),
    ]


def redundancy(project: Project | None) -> System:
    """Tell of how many people are asked about one comparison."""
    rule = project.rule if project else None
    right, wrong = posterior.PRIOR
    found = [
        Parameter(say("Judgments that everybody is taken to have got right beforehand"), right),
        Parameter(say("Judgments that everybody is taken to have got wrong beforehand"), wrong),
        Parameter(say("How often one person can count as right, at most"), posterior.MOST, True),
    ]
    if project:
        least = project.judgments_per_comparison
        found = [
            Parameter(say("Judgments on a comparison, at least"), least),
            Parameter(say("Judgments on a comparison, at most"), rule.most if rule else least),
            Parameter(say("How probable its answer must be"), project.confidence, True),
            Parameter(
                say("Share that is always judged a fixed number of times"),
                project.audit_share,
                True,
            ),
            Parameter(say("Judgments on each of those"), project.audit_judgments),
            *found,
        ]
    return System(
        "redundancy",
        say("How many are asked"),
        say("Asks one more person where the answer is not sure yet, if the project wants that."),
        (
            say("what people said about the comparison"),
            say("how often each of them is probably right"),
        ),
        say(
            "Each vote counts by how often its author is probably right: somebody who is right "
            "nine times in ten counts about twice as much as somebody who is right three in four."
        ),
        found,
        say("One more person is asked, or nobody. No vote is taken away, and all are paid alike."),
        say("Owners choose the numbers. What is left out of the data a person decides."),
        date(2026, 11, 27),
        ("labeler.work.redundancy", "labeler.stats.posterior"),
    )


def qualification(project: Project | None) -> System:
    """Tell of the questions before the work itself."""
    return System(
        "qualification",
        say("Questions before the work"),
        say("Counts how many questions with a known answer you got right before the work itself."),
        (say("your answers to these questions"),),
        say("Each question counts the same; one whose known answer was wrong counts as right."),
        [
            Parameter(say("Questions"), project.qualification_questions),
            Parameter(say("Of these right, at least"), project.qualification_right),
        ]
        if project
        else [],
        say("The work opens, or you may try again, paid. It refuses nobody for good."),
        say("A reviewer or an owner can let you in at any time, with a reason."),
        date(2026, 11, 27),
        ("labeler.quality.qualification", "labeler.work.qualifications"),
    )


def hours(_project: Project | None) -> System:
    """Tell of the limits of a day and a week."""
    return System(
        "hours",
        say("Limits of hours"),
        say("Keeps anybody from working too long."),
        (say("your paid time, over all projects"), say("limits that you chose yourself")),
        say("All kinds of paid time count the same."),
        [
            Parameter(say("Hours a day, unless you choose otherwise"), limits.DAY_S / limits.HOUR),
            Parameter(
                say("Hours a week, unless you choose otherwise"), limits.WEEK_S / limits.HOUR
            ),
        ],
        say("Nothing more is given out until the next day or week. What you hold you can finish."),
        say("Only you can change your limits."),
        date(2026, 11, 28),
        ("labeler.pay.limits",),
    )


def sensitive(_project: Project | None) -> System:
    """Tell of what may be hard to read, and of rests from it."""
    minute = timedelta(minutes=1)
    return System(
        "sensitive",
        say("What may be hard to read"),
        say("Keeps what may be hard to read from those who did not choose it, and gives rests."),
        (
            say("what an owner said that comparisons hold"),
            say("what you chose to read, and that you are an adult"),
            say("your paid time on such comparisons"),
        ),
        say("What you did not choose never comes. Time counts alike for every kind and level."),
        [
            Parameter(say("Minutes of it a day, at most"), exposure.DAY // minute),
            Parameter(say("Minutes of it at a stretch, at most"), exposure.RUN // minute),
            Parameter(say("Minutes of rest after a stretch"), exposure.REST // minute),
        ],
        say("Other work comes instead, or none until the rest is over. It costs you nothing."),
        say("Only you choose what you read, and can take it back at once."),
        date(2026, 11, 28),
        ("labeler.pay.exposure", "labeler.work.opt_ins"),
    )


def signing_in(_project: Project | None) -> System:
    """Tell of waiting after wrong passwords."""
    return System(
        "signing-in",
        say("Wrong passwords"),
        say("Keeps others from guessing a password."),
        (say("how many wrong passwords were given since the last right one"),),
        say("After the first ones each doubles the wait."),
        [
            Parameter(say("Wrong passwords without a wait"), accounts.FREE_TRIES),
            Parameter(
                say("Minutes to wait, at most"), accounts.LONGEST_WAIT // timedelta(minutes=1)
            ),
        ],
        say("Signing in with a password waits. A link works meanwhile."),
        say("An owner can send you a link."),
        date(2026, 11, 23),
        ("labeler.people.accounts",),
    )


ENTRIES: tuple[Entry, ...] = (queue, redundancy, qualification, hours, sensitive, signing_in)
