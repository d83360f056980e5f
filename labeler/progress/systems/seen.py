"""What programs work out about answers and about people's work, so that a person looks."""

from collections.abc import Sequence
from datetime import date

from labeler.progress.systems.entry import Entry, Parameter, System, one_in
from labeler.quality import alerts, gold
from labeler.said import Said, say
from labeler.stats import disputed, posterior
from labeler.stats.signals import (
    copying,
    lean,
    pace,
    reasons,
    repeats,
    shared,
    sides,
    signal,
    streaks,
)
from labeler.work.projects import Project

SINCE = date(2026, 11, 27)
LOOK = say("A review opens, and a person may look. Nothing else happens to pay, work or data.")
REVIEWERS = say("Reviewers look, can ask you, and say what comes of it. You can contest that.")
SELDOM = say("Careful work that is shown anyway: one person in")
FEWEST = say("Judgments before anything is told")


def estimates(_project: Project | None) -> System:
    """Tell of the consensus, and of how often each person is right."""
    right, wrong = posterior.PRIOR
    return System(
        "estimates",
        say("Which answer is right, and who how often"),
        say("Works out from all votes how probable each answer is, and who is right how often."),
        (
            say("what everybody said about the same comparisons"),
            say("known answers, where there are any"),
        ),
        say(
            "Each vote counts by how often its author is right, and that follows from how the "
            "others vote. Everybody begins alike, as if they had judged a few before."
        ),
        [
            Parameter(say("Judgments that everybody is taken to have got right beforehand"), right),
            Parameter(say("Judgments that everybody is taken to have got wrong beforehand"), wrong),
            Parameter(
                say("How often one person can count as right, at most"), posterior.MOST, True
            ),
        ],
        say(
            "How many people are asked, and what the data say. It changes no pay and ranks nobody."
        ),
        say("What is left out of the data a person decides."),
        SINCE,
        ("labeler.stats.consensus", "labeler.stats.posterior", "labeler.quality.consensus"),
    )


def known_answers(project: Project | None) -> System:
    """Tell of how known answers are checked themselves."""
    return System(
        "known-answers",
        say("Known answers"),
        say("Counts how often known answers are met, and finds known answers that are wrong."),
        (say("your answers to comparisons whose answer is known"),),
        say("Each known answer counts the same, but those that a person let count for nobody."),
        [
            *(
                [Parameter(say("Share of known answers"), project.gold_share, True)]
                if project
                else ()
            ),
            Parameter(
                say("Other known answers before somebody is heard about one"), disputed.OTHERS
            ),
            Parameter(say("Of these right, at least"), disputed.GOOD, True),
            Parameter(say("People who say otherwise, at least"), disputed.FEWEST),
            Parameter(say("Shown by chance, at most"), disputed.RATE, True),
            Parameter(
                say("People who agree before their answer is offered as a known one"), gold.LEAST
            ),
        ],
        say("A figure that you and reviewers see; a review of the known answer, not of you."),
        say("A person decides whether a known answer stands."),
        SINCE,
        ("labeler.stats.gold", "labeler.stats.disputed", "labeler.quality.gold_report"),
        ("gold",),
    )


def reviews(project: Project | None) -> System:
    """Tell of when a review is opened, and when again."""
    sure = project.confidence if project and project.confidence else alerts.SURE
    return System(
        "reviews",
        say("What is looked at"),
        say("Asks reviewers to look where something is unusual or an answer is unsure."),
        (say("the signals below"), say("how sure each answer is")),
        say("The least sure answers come first."),
        [
            Parameter(say("How probable an answer must be not to be looked at"), sure, True),
            Parameter(say("Times as much before what was closed is opened again"), alerts.AGAIN),
            Parameter(say("Comparisons that wait to be looked at, at most"), alerts.MOST_UNSURE),
        ],
        LOOK,
        REVIEWERS,
        SINCE,
        ("labeler.quality.alerts",),
        ("review.opened", "unsure", "signal"),
    )


def on_one_side(_project: Project | None) -> System:
    """Tell of the signal about sides."""
    return _signal(
        "sides",
        say("Always the same side"),
        say("Notices who nearly always chooses the answer that stands first, or second."),
        say("on which side the answers stood that you chose"),
        [
            Parameter(say("From one half, still usual"), sides.MARGIN, True),
            Parameter(SELDOM, one_in(signal.LEVEL)),
            Parameter(say("Of those who are shown, usual at most"), sides.RATE, True),
        ],
        (sides.__name__,),
        ("sides",),
    )


def in_a_row(_project: Project | None) -> System:
    """Tell of the signal about streaks."""
    return _signal(
        "streaks",
        say("The same side in a row"),
        say("Notices very long runs of choices on one side."),
        say("on which side the answers stood that you chose, in order"),
        [
            Parameter(say("From one half, still usual"), sides.MARGIN, True),
            Parameter(SELDOM, one_in(streaks.LEVEL)),
        ],
        (streaks.__name__,),
        ("streak",),
    )


def said_again(_project: Project | None) -> System:
    """Tell of the signals about second looks."""
    return _signal(
        "repeats",
        say("Second looks"),
        say(
            "Notices who says something else when a comparison comes again with its sides changed."
        ),
        say("what you said at the first and at the second look"),
        [
            Parameter(say("Changed answers that are usual"), repeats.CHANGED, True),
            Parameter(say("The same side again that is usual"), repeats.SAME_SIDE, True),
            Parameter(SELDOM, one_in(signal.LEVEL)),
        ],
        (repeats.__name__,),
        ("changed_mind", "same_side"),
    )


def too_fast(_project: Project | None) -> System:
    """Tell of the signals about pace."""
    return _signal(
        "pace-of-reading",
        say("Too fast to have read"),
        say(
            "Notices who is much faster than others for as many words. Being slow is never noticed."
        ),
        say("how long each judgment took, and how many words there were to read"),
        [
            Parameter(FEWEST, pace.FEWEST),
            Parameter(say("People to compare with, at least"), pace.PEOPLE),
            Parameter(say("Words a minute that nobody reads"), pace.TOO_FAST),
            Parameter(say("Comparisons that can be told at a glance"), pace.GLANCED, True),
            Parameter(SELDOM, one_in(pace.LEVEL)),
        ],
        (pace.__name__,),
        ("pace", "reading"),
    )


def for_length(_project: Project | None) -> System:
    """Tell of the signal about long answers."""
    return _signal(
        "length",
        say("Longer answers"),
        say("Notices who chooses longer answers far more, or far less, than others do."),
        say("how long the answers were, and which you chose"),
        [
            Parameter(FEWEST, lean.FEWEST),
            Parameter(say("From the others, still usual (in log-odds)"), lean.MARGIN),
            Parameter(SELDOM, one_in(lean.LEVEL)),
        ],
        (lean.__name__,),
        ("length",),
    )


def same_words(_project: Project | None) -> System:
    """Tell of the signals about written reasons."""
    return _signal(
        "reasons",
        say("The same reasons again"),
        say("Notices reasons that are the same text as another, one’s own or somebody else’s."),
        say("the reasons that you wrote"),
        [
            Parameter(say("Words from which a reason counts"), reasons.FEWEST_WORDS),
            Parameter(say("Shared runs of words from which two are alike"), reasons.ALIKE, True),
            Parameter(say("Like one’s own, still usual"), reasons.OWN, True),
            Parameter(say("Like somebody else’s, still usual"), reasons.OTHERS, True),
            Parameter(say("Reasons before anything is told"), reasons.FEWEST),
            Parameter(SELDOM, one_in(signal.LEVEL)),
        ],
        (reasons.__name__,),
        ("own_reasons", "others_reasons"),
    )


def alike(_project: Project | None) -> System:
    """Tell of the signal about copying."""
    return _signal(
        "copying",
        say("Two people alike"),
        say(
            "Notices two people who agree far more with each other than with all others. It tells "
            "of both."
        ),
        say("what both said about the same comparisons"),
        [
            Parameter(say("Comparisons that both judged, at least"), copying.SHARED),
            Parameter(
                say("Times as much agreement as is to be expected, still usual"), copying.ALIKE
            ),
            Parameter(
                say("Votes from which a comparison tells nothing, since all answer it"),
                shared.CROWD,
            ),
            Parameter(
                say("Any pair that is shown though nobody copied: once in"), one_in(copying.LEVEL)
            ),
        ],
        (copying.__name__, shared.__name__),
        ("copying",),
    )


def _signal(
    name: str,
    title: Said,
    purpose: Said,
    reads: Said,
    parameters: Sequence[Parameter],
    modules: Sequence[str],
    makes: Sequence[str],
) -> System:
    return System(
        name,
        title,
        purpose,
        (reads,),
        say("Each signal stands by itself; they are never added up to one figure of a person."),
        parameters,
        LOOK,
        REVIEWERS,
        SINCE,
        ("labeler.quality.signals", *modules),
        makes,
    )


ENTRIES: tuple[Entry, ...] = (
    *(estimates, known_answers, reviews),
    *(on_one_side, in_a_row, said_again, too_fast, for_length, same_words, alike),
)
