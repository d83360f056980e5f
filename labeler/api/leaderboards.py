"""Reading which models are ahead."""

from labeler import database
from labeler.api import models
from labeler.api.operations import Answer, Operation
from labeler.errors import NotFound
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.people.tokens import Scope
from labeler.quality import leaderboards, standings
from labeler.quality.standings import Standings
from labeler.work import projects


def show_leaderboard(slug: str, query: models.LeaderboardQuery, *, by: Person) -> Answer:
    """Read which models are ahead, as of when it was last worked out; for reviewers.

    404 until it is, and where too few votes or people tell of a language and category.
    """
    session = database.session()
    project = projects.find(session, slug, by=by, role=Role.reviewer)
    board = leaderboards.find(session, project.id, query.language, query.category)
    if board is None:
        raise NotFound("There is no such leaderboard yet.")
    return standings.told(project.slug, board), 200


OPERATIONS = (
    Operation(
        "GET",
        "/projects/{slug}/leaderboard",
        show_leaderboard,
        scope=Scope.read,
        answers={200: Standings},
        query=models.LeaderboardQuery,
    ),
)
