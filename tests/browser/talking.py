"""What people who work in the demo talk about, whom they chose, and what she says."""

from sqlalchemy.orm import Session

from labeler import clock
from labeler.people import accounts, evaluations, forum, remarks, representatives
from labeler.people.evaluations import EvaluationDraft
from labeler.work.projects import Project
from tests.browser.site import ADA, OLGA


def talk(session: Session, project: Project) -> dict[str, int]:
    """Have Ada begin a topic, be chosen and speak; return the topic's number."""
    ada, olga = accounts.find(session, ADA), accounts.find(session, OLGA)
    words = "Do you take your **paid breaks**? I forget them when the texts are long."
    topic = forum.open_topic(session, "Breaks", words, by=ada)
    forum.reply(session, topic, "Ten minutes an hour. Set a clock.", is_nameless=True, by=ada)
    representatives.name(session, ADA, "By vote in the forum, nine of twelve.", by=olga)
    remarks.write(session, project.id, "Pay came on time. The texts were long.", by=ada)
    today = clock.now().date()
    found = "The signal about long answers says little here. We keep it, and look again."
    draft = EvaluationDraft(held_on=today, participants="Ada, Olga", text=found)
    evaluations.note(session, draft, by=olga)
    return {"topic_id": topic.id}
