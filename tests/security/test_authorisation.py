"""Who may do what: one table of every method of every address, for everybody.

An address that is not in the table fails here. Whoever has no part in a project finds nothing
there (404); what is somebody's own is nobody else's, be they owner or administrator.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import pytest
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from tests.calling import API
from tests.security.stage import WHO, Stage, rules
from tests.visits import Visit

HELPFUL = "/projects/helpful"
REVIEW = HELPFUL + "/review"
ONE = REVIEW + "/{review}"
ASKING = "/projects/asking"
"""Where known answers are asked before the work itself."""
PAIR = HELPFUL + "/comparisons/{comparison}"
RUN = "/projects/<slug>/payouts/runs/<run_id>"
EXCLUDE = "/comparisons/<comparison_id>/judgments/<judgment_id>/exclude"


class Case(NamedTuple):
    """A request, and the status of its answer to everybody in the order of `WHO`."""

    path: str
    expected: str
    """anonymous, revoked, mallory (a stranger), paul (who owns another project), rex (reviewer),
    olga (owner), root (administrator), ada (annotator)"""
    form: Mapping[str, str | int] = MappingProxyType({})


# In the order of WHO:  anon rev  mal  paul rex  olga root ada
OPEN = "                200  200  200  200  200  200  200  200"
SIGNED_IN = "           302  302  200  200  200  200  200  200"
MEMBER_STARTS = "       302  302  404  404  302  302  302  302"
MEMBER_SEES = "        302  302  404  404  200  200  200  200"
MEMBER_TOO_LATE = "    302  302  404  404  409  409  409  409"
MEMBER_DRAWS = "       302  302  404  404  200  200  200  200"
MEMBER = "              302  302  404  404  200  200  200  200"
MEMBER_BAD_FORM = "     302  302  404  404  422  422  422  422"
REVIEWER = "            302  302  404  404  200  200  200  403"
REVIEWER_BAD_FORM = "   302  302  404  404  422  422  422  403"
REVIEWER_FIRST = "      302  302  404  404  302  409  409  403"
OWNER = "               302  302  404  404  403  200  200  403"
OWNER_BAD_FORM = "      302  302  404  404  403  422  422  403"
OWNER_DONE = "          302  302  404  404  403  302  302  403"
ONLY_ADA = "            302  302  404  404  404  404  404  200"
ONLY_ADA_BAD_FORM = "   302  302  404  404  404  404  404  422"
ONLY_ADA_DONE = "       302  302  404  404  404  404  404  302"
WORKER = "              302  302  403  403  403  403  403  200"
WORKER_DONE = "         302  302  403  403  403  403  403  302"
WORKER_BAD_FORM = "     302  302  403  403  403  403  403  422"
ADMIN_BAD_FORM = "      302  302  403  403  403  403  422  403"
ADMIN = "               302  302  403  403  403  403  200  403"
ADMIN_DONE = "          302  302  403  403  403  403  302  403"
ANYBODY_BAD_FORM = "    302  302  422  422  422  422  422  422"

DRAFT = {"title": "Fresh {fresh}", "languages": "en", "pay.currency": "EUR", "rubric.tie": "1"}

PAGES = {
    ("GET", "/static/<filename>"): Case("/static/labeler.css", OPEN),
    ("GET", "/offline"): Case("/offline", OPEN),
    ("GET", "/sw.js"): Case("/sw.js", OPEN),
    ("GET", "/accessibility"): Case("/accessibility", OPEN),
    ("GET", "/.well-known/labeler-keys.json"): Case("/.well-known/labeler-keys.json", OPEN),
    ("GET", "/sign-in"): Case("/sign-in", "200 200 302 302 302 302 302 302"),
    ("POST", "/sign-in"): Case("/sign-in", "422 422 422 422 422 422 422 422"),
    ("GET", "/language"): Case("/language", OPEN),
    ("POST", "/language"): Case(
        "/language", "302 302 302 302 302 302 302 302", {"language": "", "next": "/account"}
    ),
    ("POST", "/sign-out"): Case("/sign-out", "302 302 302 302 302 302 302 302"),
    ("GET", "/link/<secret>"): Case("/link/nothing", "404 404 404 404 404 404 404 404"),
    ("POST", "/link/<secret>"): Case("/link/nothing", "404 404 404 404 404 404 404 404"),
    ("GET", "/account"): Case("/account", SIGNED_IN),
    ("GET", "/session"): Case("/session", SIGNED_IN),
    ("GET", "/earnings"): Case("/earnings", SIGNED_IN),
    ("GET", "/earnings/statements/<statement_id>"): Case(
        "/earnings/statements/{statement}", ONLY_ADA
    ),
    ("GET", "/earnings/statements/<statement_id>/statement.<layout>"): Case(
        "/earnings/statements/{statement}/statement.csv", ONLY_ADA
    ),
    ("GET", "/account/pay"): Case("/account/pay", SIGNED_IN),
    ("GET", "/account/pay/new"): Case("/account/pay/new", SIGNED_IN),
    ("POST", "/account/pay/new"): Case("/account/pay/new", ANYBODY_BAD_FORM),
    ("POST", "/account/password"): Case("/account/password", ANYBODY_BAD_FORM),
    ("POST", "/account/sign-ins/<sign_in_id>/end"): Case(
        "/account/sign-ins/{sign_in}/end", ONLY_ADA_DONE
    ),
    ("POST", "/account/tokens"): Case("/account/tokens", ANYBODY_BAD_FORM),
    ("POST", "/account/tokens/<token_id>/revoke"): Case(
        "/account/tokens/{token}/revoke", ONLY_ADA_DONE
    ),
    ("GET", "/"): Case("/", SIGNED_IN),
    ("GET", "/finished"): Case("/finished", SIGNED_IN),
    ("GET", "/judgments"): Case("/judgments", SIGNED_IN),
    ("GET", "/work/<assignment_id>/change"): Case("/work/{done}/change", ONLY_ADA),
    ("POST", "/work/<assignment_id>/change"): Case("/work/{done}/change", ONLY_ADA_BAD_FORM),
    ("GET", "/work/<assignment_id>"): Case("/work/{held}", ONLY_ADA),
    ("POST", "/work/<assignment_id>"): Case("/work/{held}", ONLY_ADA_BAD_FORM),
    ("POST", "/work/<assignment_id>/skip"): Case("/work/{held}/skip", ONLY_ADA_BAD_FORM),
    ("POST", "/projects/<slug>/start"): Case(HELPFUL + "/start", MEMBER_STARTS),
    ("POST", "/projects/<slug>/ahead"): Case(HELPFUL + "/ahead", MEMBER_DRAWS),
    ("GET", "/projects"): Case("/projects", SIGNED_IN),
    ("GET", "/projects/new"): Case("/projects/new", "302 302 403 200 403 200 200 403"),
    ("POST", "/projects/new"): Case("/projects/new", "302 302 403 302 403 302 302 403", DRAFT),
    ("GET", "/projects/<slug>"): Case(HELPFUL, REVIEWER),
    ("GET", "/projects/<slug>/setup"): Case(HELPFUL + "/setup", OWNER),
    ("POST", "/projects/<slug>/setup"): Case(HELPFUL + "/setup", OWNER_BAD_FORM),
    ("GET", "/projects/<slug>/guidelines"): Case(HELPFUL + "/guidelines", OWNER),
    ("POST", "/projects/<slug>/guidelines"): Case(
        HELPFUL + "/guidelines", OWNER_BAD_FORM, {"guidelines": "none"}
    ),
    ("GET", "/projects/<slug>/pay"): Case(HELPFUL + "/pay", OWNER),
    ("POST", "/projects/<slug>/pay"): Case(HELPFUL + "/pay", OWNER_BAD_FORM, {"place": "X"}),
    ("POST", "/projects/<slug>/pay/budget"): Case(HELPFUL + "/pay/budget", OWNER_BAD_FORM),
    ("GET", "/wages"): Case("/wages", "302 302 403 200 403 200 200 403"),
    ("POST", "/projects/<slug>/state"): Case(
        HELPFUL + "/state", OWNER_BAD_FORM, {"state": "elsewhere"}
    ),
    ("GET", "/projects/<slug>/mine"): Case(HELPFUL + "/mine", MEMBER),
    ("GET", "/projects/<slug>/plan"): Case(HELPFUL + "/plan", REVIEWER),
    ("GET", "/projects/<slug>/quality"): Case(HELPFUL + "/quality", REVIEWER),
    ("GET", "/projects/<slug>/quality/disagreements"): Case(
        HELPFUL + "/quality/disagreements", REVIEWER
    ),
    ("GET", "/projects/<slug>/leaderboard"): Case(HELPFUL + "/leaderboard", REVIEWER),
    ("GET", "/projects/<slug>/leaderboard/<name>"): Case(
        HELPFUL + "/leaderboard/leaderboard.json", REVIEWER
    ),
    ("GET", "/projects/<slug>/quality/known-answers"): Case(
        HELPFUL + "/quality/known-answers", REVIEWER
    ),
    ("GET", "/projects/<slug>/quality/people/<person_id>"): Case(
        HELPFUL + "/quality/people/{bea}", REVIEWER
    ),
    ("GET", "/projects/<slug>/quality/judgments/<kind>/<number>"): Case(
        HELPFUL + "/quality/judgments/sides/0", REVIEWER
    ),
    ("GET", "/projects/<slug>/people"): Case(HELPFUL + "/people", REVIEWER),
    ("POST", "/projects/<slug>/people/invite"): Case(HELPFUL + "/people/invite", OWNER_BAD_FORM),
    ("POST", "/projects/<slug>/people/<person_id>/role"): Case(
        HELPFUL + "/people/{bea}/role", OWNER_BAD_FORM
    ),
    ("POST", "/projects/<slug>/people/<person_id>/link"): Case(
        HELPFUL + "/people/{spare}/link", OWNER
    ),
    ("POST", "/projects/<slug>/people/<person_id>/remove"): Case(
        HELPFUL + "/people/{spare}/remove", OWNER_DONE
    ),
    ("GET", "/projects/<slug>/people/<person_id>"): Case(HELPFUL + "/people/{bea}", OWNER),
    ("POST", "/projects/<slug>/people/<person_id>"): Case(
        HELPFUL + "/people/{bea}", OWNER_BAD_FORM
    ),
    ("GET", "/projects/<slug>/batches/<batch_id>"): Case(HELPFUL + "/batches/{batch}", OWNER),
    ("GET", "/projects/<slug>/batches/<batch_id>/refused"): Case(
        HELPFUL + "/batches/{batch}/refused", "302 302 404 404 403 404 404 403"
    ),
    ("POST", "/projects/<slug>/batches/<batch_id>"): Case(
        HELPFUL + "/batches/{batch}", OWNER_BAD_FORM
    ),
    ("POST", "/projects/<slug>/comparisons/<comparison_id>/withdraw"): Case(
        PAIR + "/withdraw", OWNER_BAD_FORM
    ),
    ("GET", "/projects/<slug>/batches"): Case(HELPFUL + "/batches", OWNER),
    ("POST", "/projects/<slug>/batches"): Case(HELPFUL + "/batches", OWNER_BAD_FORM),
    ("GET", "/projects/<slug>/comparisons"): Case(HELPFUL + "/comparisons", REVIEWER),
    ("GET", "/projects/<slug>/comparisons/<comparison_id>"): Case(PAIR, REVIEWER),
    ("POST", "/projects/<slug>" + EXCLUDE): Case(
        PAIR + "/judgments/{of_bea}/exclude", REVIEWER_BAD_FORM
    ),
    ("GET", "/time"): Case("/time", SIGNED_IN),
    ("GET", "/sensitive"): Case("/sensitive", SIGNED_IN),
    ("POST", "/sensitive"): Case("/sensitive", ANYBODY_BAD_FORM, {"violence": "4"}),
    ("POST", "/work/<assignment_id>/no-more"): Case("/work/{held}/no-more", ONLY_ADA_DONE),
    ("GET", "/limits"): Case("/limits", SIGNED_IN),
    ("POST", "/limits"): Case("/limits", ANYBODY_BAD_FORM),
    ("GET", "/my-data"): Case("/my-data", SIGNED_IN),
    ("POST", "/my-data"): Case("/my-data", SIGNED_IN),
    ("POST", "/my-data/erase"): Case("/my-data/erase", ANYBODY_BAD_FORM),
    ("POST", "/time/beats"): Case("/time/beats", ANYBODY_BAD_FORM),
    ("GET", "/projects/<slug>/time"): Case(HELPFUL + "/time", MEMBER),
    ("POST", "/projects/<slug>/time"): Case(HELPFUL + "/time", MEMBER_BAD_FORM),
    ("POST", "/projects/<slug>/time/<interval_id>/withdraw"): Case(
        HELPFUL + "/time/{added}/withdraw", ONLY_ADA_DONE
    ),
    ("GET", "/projects/<slug>/terms"): Case(HELPFUL + "/terms", MEMBER),
    ("POST", "/projects/<slug>/terms"): Case(HELPFUL + "/terms", MEMBER_BAD_FORM),
    ("GET", "/projects/<slug>/terms/write"): Case(HELPFUL + "/terms/write", OWNER),
    ("POST", "/projects/<slug>/terms/write"): Case(HELPFUL + "/terms/write", OWNER_BAD_FORM),
    ("GET", "/projects/<slug>/instructions"): Case(HELPFUL + "/instructions", MEMBER),
    ("GET", "/projects/<slug>/break"): Case(HELPFUL + "/break", MEMBER),
    ("GET", "/projects/<slug>/times"): Case(HELPFUL + "/times", REVIEWER),
    ("GET", "/decisions"): Case("/decisions", SIGNED_IN),
    ("POST", "/decisions/refusals/<refusal_id>/appeal"): Case(
        "/decisions/refusals/{refusal}/appeal", ONLY_ADA_BAD_FORM
    ),
    ("GET", "/decisions/contest"): Case("/decisions/contest", SIGNED_IN),
    ("POST", "/decisions/contest"): Case("/decisions/contest", ANYBODY_BAD_FORM),
    ("GET", "/projects/<slug>/disputes"): Case(HELPFUL + "/disputes", REVIEWER),
    ("GET", "/projects/<slug>/disputes/<dispute_id>"): Case(
        HELPFUL + "/disputes/{dispute}", REVIEWER
    ),
    ("POST", "/projects/<slug>/disputes/<dispute_id>"): Case(
        HELPFUL + "/disputes/{dispute}", REVIEWER_BAD_FORM
    ),
    ("GET", "/projects/<slug>/judgments/<judgment_id>/refuse"): Case(
        HELPFUL + "/judgments/{of_bea}/refuse", REVIEWER
    ),
    ("POST", "/projects/<slug>/judgments/<judgment_id>/refuse"): Case(
        HELPFUL + "/judgments/{of_bea}/refuse", REVIEWER_BAD_FORM
    ),
    ("POST", "/projects/<slug>/refusals/release"): Case(
        HELPFUL + "/refusals/release", "302 302 404 404 403 302 409 403"
    ),
    ("GET", "/projects/<slug>/refusals/<refusal_id>"): Case(
        HELPFUL + "/refusals/{refusal}", REVIEWER
    ),
    ("POST", "/projects/<slug>/refusals/<refusal_id>/decide"): Case(
        HELPFUL + "/refusals/{refusal}/decide", REVIEWER_BAD_FORM
    ),
    ("POST", "/projects/<slug>/refusals/<refusal_id>/take-back"): Case(
        HELPFUL + "/refusals/{refusal}/take-back", "302 302 404 404 302 403 403 403"
    ),
    ("GET", "/questions"): Case("/questions", SIGNED_IN),
    ("POST", "/questions/<review_id>"): Case("/questions/{signal}", ONLY_ADA_BAD_FORM),
    ("GET", "/projects/<slug>/review"): Case(REVIEW, REVIEWER),
    ("POST", "/projects/<slug>/review/sample"): Case(REVIEW + "/sample", REVIEWER_BAD_FORM),
    ("GET", "/projects/<slug>/review/<review_id>"): Case(ONE, REVIEWER),
    ("POST", "/projects/<slug>/review/<review_id>/comment"): Case(
        ONE + "/comment", REVIEWER_BAD_FORM
    ),
    ("POST", "/projects/<slug>/review/<review_id>/adjudicate"): Case(
        ONE + "/adjudicate", REVIEWER_BAD_FORM
    ),
    ("POST", "/projects/<slug>/review/<review_id>/second-opinion"): Case(
        ONE + "/second-opinion", REVIEWER_BAD_FORM
    ),
    ("POST", "/projects/<slug>/review/<review_id>/judgments/<judgment_id>/exclude"): Case(
        ONE + "/judgments/{of_bea}/exclude", REVIEWER_BAD_FORM
    ),
    ("POST", "/projects/<slug>/review/<review_id>/judgments/<judgment_id>/send-back"): Case(
        ONE + "/judgments/{of_bea}/send-back", REVIEWER_BAD_FORM
    ),
    ("POST", "/projects/<slug>/review/<review_id>/dismiss"): Case(
        REVIEW + "/{signal}/dismiss", REVIEWER_FIRST
    ),
    ("POST", "/projects/<slug>/review/<review_id>/accept"): Case(ONE + "/accept", REVIEWER_FIRST),
    ("GET", "/projects/<slug>/gold"): Case(HELPFUL + "/gold", REVIEWER),
    ("GET", "/projects/<slug>/gold/write"): Case(HELPFUL + "/gold/write", OWNER),
    ("POST", "/projects/<slug>/gold/write"): Case(HELPFUL + "/gold/write", OWNER_BAD_FORM),
    ("GET", "/projects/<slug>/gold/mine"): Case(HELPFUL + "/gold/mine", OWNER),
    ("POST", "/projects/<slug>/gold/mine"): Case(HELPFUL + "/gold/mine", OWNER_BAD_FORM),
    ("POST", "/projects/<slug>/gold/<comparison_id>/set"): Case(
        HELPFUL + "/gold/{comparison}/set", OWNER_BAD_FORM
    ),
    ("POST", "/projects/<slug>/gold/<comparison_id>/unscore"): Case(
        HELPFUL + "/gold/{comparison}/unscore", OWNER_BAD_FORM
    ),
    ("GET", "/projects/<slug>/qualification"): Case(HELPFUL + "/qualification", MEMBER_SEES),
    ("POST", "/projects/<slug>/qualification"): Case(HELPFUL + "/qualification", MEMBER_TOO_LATE),
    ("GET", "/projects/<slug>/people/<person_id>/admit"): Case(
        ASKING + "/people/{bea}/admit", REVIEWER
    ),
    ("POST", "/projects/<slug>/people/<person_id>/admit"): Case(
        ASKING + "/people/{bea}/admit", REVIEWER_BAD_FORM
    ),
    ("GET", "/projects/<slug>/payouts"): Case(HELPFUL + "/payouts", OWNER),
    ("POST", "/projects/<slug>/payouts/runs"): Case(HELPFUL + "/payouts/runs", OWNER_BAD_FORM),
    ("GET", "/projects/<slug>/payouts/layouts"): Case(HELPFUL + "/payouts/layouts", OWNER),
    ("POST", "/projects/<slug>/payouts/layouts"): Case(
        HELPFUL + "/payouts/layouts", OWNER_BAD_FORM
    ),
    ("GET", RUN): Case(HELPFUL + "/payouts/runs/{run}", OWNER),
    ("GET", RUN + "/file"): Case(HELPFUL + "/payouts/runs/{run}/file", OWNER),
    ("POST", RUN + "/step"): Case(HELPFUL + "/payouts/runs/{run}/step", OWNER_BAD_FORM),
    ("POST", RUN + "/results"): Case(HELPFUL + "/payouts/runs/{run}/results", OWNER_BAD_FORM),
    ("POST", RUN + "/payouts/<payout_id>/release"): Case(
        HELPFUL + "/payouts/runs/{run}/payouts/{payout}/release", OWNER_BAD_FORM
    ),
    ("POST", RUN + "/payouts/<payout_id>/outcome"): Case(
        HELPFUL + "/payouts/runs/{run}/payouts/{payout}/outcome", OWNER_BAD_FORM
    ),
    ("GET", "/systems"): Case("/systems", SIGNED_IN),
    ("POST", "/systems"): Case("/systems", ADMIN_BAD_FORM),
    ("GET", "/projects/<slug>/systems"): Case(HELPFUL + "/systems", MEMBER),
    ("GET", "/forum"): Case("/forum", WORKER),
    ("POST", "/forum"): Case("/forum", WORKER_BAD_FORM),
    ("GET", "/forum/<topic_id>"): Case("/forum/{topic}", WORKER),
    ("POST", "/forum/<topic_id>"): Case("/forum/{topic}", WORKER_BAD_FORM),
    ("POST", "/forum/posts/<post_id>/take-back"): Case(
        "/forum/posts/{post}/take-back", WORKER_DONE
    ),
    ("GET", "/projects/<slug>/remark"): Case(HELPFUL + "/remark", MEMBER),
    ("POST", "/projects/<slug>/remark"): Case(
        HELPFUL + "/remark", "302 302 404 404 403 403 403 422"
    ),
    ("POST", "/projects/<slug>/remark/decline"): Case(HELPFUL + "/remark/decline", OWNER_BAD_FORM),
    ("GET", "/representative"): Case("/representative", SIGNED_IN),
    ("POST", "/representative"): Case("/representative", ADMIN_BAD_FORM),
    ("POST", "/representative/step-down"): Case("/representative/step-down", WORKER_DONE),
    ("GET", "/projects/<slug>/chat"): Case(HELPFUL + "/chat", MEMBER),
    ("POST", "/projects/<slug>/chat"): Case(HELPFUL + "/chat", MEMBER_BAD_FORM),
    ("GET", "/projects/<slug>/chat/rules"): Case(HELPFUL + "/chat/rules", OWNER),
    ("POST", "/projects/<slug>/chat/rules"): Case(HELPFUL + "/chat/rules", OWNER_BAD_FORM),
    ("POST", "/projects/<slug>/chat/links"): Case(HELPFUL + "/chat/links", OWNER_BAD_FORM),
    ("POST", "/projects/<slug>/chat/links/<link_id>/revoke"): Case(
        HELPFUL + "/chat/links/{chat_link}/revoke", OWNER_DONE
    ),
    ("GET", "/chat/<conversation_id>"): Case("/chat/{chat}", ONLY_ADA),
    ("GET", "/chat/<conversation_id>/state"): Case("/chat/{chat}/state", ONLY_ADA),
    ("POST", "/chat/<conversation_id>/messages"): Case("/chat/{chat}/messages", ONLY_ADA_BAD_FORM),
    ("POST", "/chat/turns/<turn_id>/vote"): Case("/chat/turns/{turn}/vote", ONLY_ADA_BAD_FORM),
    ("POST", "/chat/turns/<turn_id>/again"): Case("/chat/turns/{turn}/again", ONLY_ADA_DONE),
    ("POST", "/chat/<conversation_id>/end"): Case("/chat/{ended_chat}/end", ONLY_ADA_DONE),
    ("POST", "/chat/<conversation_id>/names"): Case("/chat/{ended_chat}/names", ONLY_ADA_DONE),
    ("GET", "/visit/<ticket>"): Case("/visit/nothing", "404 404 404 404 404 404 404 404"),
    ("POST", "/visit/<ticket>"): Case("/visit/nothing", "404 404 404 404 404 404 404 404"),
    ("GET", "/endpoints"): Case("/endpoints", ADMIN),
    ("GET", "/endpoints/new"): Case("/endpoints/new", ADMIN),
    ("POST", "/endpoints/new"): Case("/endpoints/new", ADMIN_BAD_FORM),
    ("POST", "/endpoints/toml"): Case("/endpoints/toml", ADMIN_BAD_FORM),
    ("GET", "/endpoints/named/<name>"): Case("/endpoints/named/gull", ADMIN),
    ("GET", "/endpoints/named/<name>/change"): Case("/endpoints/named/gull/change", ADMIN),
    ("POST", "/endpoints/named/<name>/change"): Case(
        "/endpoints/named/gull/change", ADMIN_BAD_FORM
    ),
    ("POST", "/endpoints/named/<name>/archive"): Case("/endpoints/named/old/archive", ADMIN_DONE),
    ("POST", "/endpoints/named/<name>/restore"): Case("/endpoints/named/old/restore", ADMIN_DONE),
    ("POST", "/endpoints/named/<name>/check"): Case("/endpoints/named/gull/check", ADMIN_DONE),
    ("GET", "/projects/<slug>/generations"): Case(HELPFUL + "/generations", OWNER),
    ("GET", "/projects/<slug>/generations/new"): Case(HELPFUL + "/generations/new", OWNER),
    ("POST", "/projects/<slug>/generations/prompts"): Case(
        HELPFUL + "/generations/prompts", OWNER_BAD_FORM
    ),
    ("GET", "/projects/<slug>/generations/plan"): Case(
        HELPFUL + "/generations/plan?models.gull=1&samples=2&earlier={drawn}", OWNER
    ),
    ("POST", "/projects/<slug>/generations/begin"): Case(
        HELPFUL + "/generations/begin", OWNER_BAD_FORM
    ),
    ("GET", "/projects/<slug>/generations/<generation_id>"): Case(
        HELPFUL + "/generations/{drawn}", OWNER
    ),
    ("POST", "/projects/<slug>/generations/<generation_id>/retry"): Case(
        HELPFUL + "/generations/{drawn}/retry", OWNER_DONE
    ),
    ("POST", "/projects/<slug>/generations/<generation_id>/budget"): Case(
        HELPFUL + "/generations/{drawn}/budget", OWNER_BAD_FORM
    ),
    ("POST", "/projects/<slug>/generations/<generation_id>/finish"): Case(
        HELPFUL + "/generations/{finishing}/finish", OWNER_DONE
    ),
    ("POST", "/projects/<slug>/generations/<generation_id>/cancel"): Case(
        HELPFUL + "/generations/{unwanted}/cancel", "302 302 404 404 403 302 409 403"
    ),
    ("GET", "/projects/<slug>/releases"): Case(HELPFUL + "/releases", OWNER),
    ("POST", "/projects/<slug>/releases"): Case(
        HELPFUL + "/releases", OWNER_BAD_FORM, {"min_margin": "0"}
    ),
    ("GET", "/projects/<slug>/releases/orders/<job_id>"): Case(
        HELPFUL + "/releases/orders/{order}", OWNER
    ),
    ("POST", "/projects/<slug>/releases/orders/<job_id>/stop"): Case(
        HELPFUL + "/releases/orders/{order}/stop", OWNER_DONE
    ),
    ("GET", "/projects/<slug>/releases/declared"): Case(HELPFUL + "/releases/declared", OWNER),
    ("POST", "/projects/<slug>/releases/declared"): Case(
        HELPFUL + "/releases/declared", OWNER_BAD_FORM, {"facts": "no TOML"}
    ),
    ("GET", "/projects/<slug>/releases/held"): Case(HELPFUL + "/releases/held", OWNER),
    ("POST", "/projects/<slug>/releases/held"): Case(
        HELPFUL + "/releases/held", OWNER_BAD_FORM, {"reason-1": "perhaps"}
    ),
    ("GET", "/projects/<slug>/releases/held/decided"): Case(
        HELPFUL + "/releases/held/decided", OWNER
    ),
    ("GET", "/projects/<slug>/releases/published"): Case(HELPFUL + "/releases/published", MEMBER),
    ("GET", "/projects/<slug>/releases/<number>"): Case(HELPFUL + "/releases/1", OWNER),
    ("POST", "/projects/<slug>/releases/<number>/publish"): Case(
        HELPFUL + "/releases/1/publish", OWNER_DONE
    ),
    ("POST", "/projects/<slug>/releases/<number>/withdraw"): Case(
        HELPFUL + "/releases/1/withdraw", OWNER_BAD_FORM
    ),
    ("GET", "/projects/<slug>/releases/<number>/download"): Case(
        HELPFUL + "/releases/1/download", OWNER
    ),
}

API_CASES = {
    ("GET", f"{API}/openapi.json"): Case(f"{API}/openapi.json", OPEN),
    ("POST", f"{API}/projects/<slug>/assignments"): Case(
        f"{API}{HELPFUL}/assignments", "401 401 404 404 201 201 201 201"
    ),
    ("POST", f"{API}/assignments/<assignment_id>/judgment"): Case(
        API + "/assignments/{held}/judgment",
        "401 401 404 404 404 404 404 422",
        {"key": "1c9a3f4e-54a2-4b0e-8f7e-0d5f2a9f9b11", "choice": 9},
    ),
    ("POST", f"{API}/assignments/<assignment_id>/skip"): Case(
        API + "/assignments/{done}/skip", "401 401 404 404 404 404 404 409", {"reason": "other"}
    ),
    ("POST", f"{API}/projects"): Case(
        f"{API}/projects", "401 401 403 201 403 201 201 403", {"title": "Api {fresh}"}
    ),
    ("GET", f"{API}/projects/<slug>/progress"): Case(
        f"{API}{HELPFUL}/progress", "401 401 404 404 200 200 200 403"
    ),
    ("GET", f"{API}/projects/<slug>/leaderboard"): Case(
        f"{API}{HELPFUL}/leaderboard", "401 401 404 404 200 200 200 403"
    ),
    ("POST", f"{API}/projects/<slug>/rubrics"): Case(
        f"{API}{HELPFUL}/rubrics", "401 401 404 404 403 200 200 403", {"steps": 7}
    ),
    ("POST", f"{API}/projects/<slug>/batches"): Case(
        f"{API}{HELPFUL}/batches", "401 401 404 404 403 422 422 403"
    ),
    ("GET", f"{API}/projects/<slug>/batches"): Case(
        f"{API}{HELPFUL}/batches", "401 401 404 404 403 200 200 403"
    ),
    ("POST", f"{API}/projects/<slug>/batches/<batch_id>"): Case(
        API + HELPFUL + "/batches/{batch}", "401 401 404 404 403 200 200 403", {"priority": 0}
    ),
    ("POST", f"{API}/projects/<slug>/withdrawals"): Case(
        f"{API}{HELPFUL}/withdrawals",
        "401 401 404 404 403 422 422 403",
        {"comparison": "pair-0", "reason": " "},
    ),
    ("GET", f"{API}/projects/<slug>/reviews"): Case(
        f"{API}{HELPFUL}/reviews", "401 401 404 404 200 200 200 403"
    ),
    ("GET", f"{API}/projects/<slug>/judgments"): Case(
        f"{API}{HELPFUL}/judgments", "401 401 404 404 200 200 200 403"
    ),
    ("GET", f"{API}/projects/<slug>/releases"): Case(
        f"{API}{HELPFUL}/releases", "401 401 404 404 403 200 200 403"
    ),
    ("POST", f"{API}/projects/<slug>/releases"): Case(
        f"{API}{HELPFUL}/releases",
        "401 401 404 404 403 202 202 403",
        {"key": "2c9a3f4e-54a2-4b0e-8f7e-0d5f2a9f9b11", "min_judgments": 1},
    ),
    ("GET", f"{API}/projects/<slug>/releases/<number>"): Case(
        f"{API}{HELPFUL}/releases/1", "401 401 404 404 403 200 200 403"
    ),
    ("GET", f"{API}/projects/<slug>/releases/<number>/files/<path>"): Case(
        f"{API}{HELPFUL}/releases/1/files/README.md", "401 401 404 404 403 200 200 403"
    ),
    ("GET", f"{API}/projects/<slug>/releases/<number>/archive"): Case(
        f"{API}{HELPFUL}/releases/1/archive", "401 401 404 404 403 200 200 403"
    ),
    ("GET", f"{API}/projects/<slug>/releases/orders/<order_id>"): Case(
        API + HELPFUL + "/releases/orders/{order}", "401 401 404 404 403 200 200 403"
    ),
    ("POST", f"{API}/projects/<slug>/releases/orders/<order_id>/stop"): Case(
        API + HELPFUL + "/releases/orders/{order}/stop", "401 401 404 404 403 200 200 403"
    ),
}


def test_every_address_is_in_the_table(stage: Stage) -> None:
    assert rules(stage.app) == {*PAGES, *API_CASES}


@pytest.mark.parametrize("route", PAGES, ids=" ".join)
def test_pages(stage: Stage, route: tuple[str, str]) -> None:
    case = PAGES[route]
    found = {who: _visit(stage, who, route[0], case).status_code for who in WHO}
    assert found == dict(zip(WHO, map(int, case.expected.split()), strict=True))


def _visit(stage: Stage, who: str, method: str, case: Case) -> Response:
    visit = stage.visits[who]
    if (method, case.path) == ("POST", "/sign-out"):
        visit = _another_browser(stage, who)
    if method == "GET":
        with visit.client.get(stage.path(case.path)) as answer:
            return answer
    form = {name: stage.path(str(value)) for name, value in case.form.items()}
    data = {"csrf_token": visit.token} | form
    return visit.client.post(stage.path(case.path), data=data)


def _another_browser(stage: Stage, who: str) -> Visit:
    signed_in = who not in ("anonymous", "revoked")
    visit = Visit(stage.app)
    if signed_in:
        return visit.arrive(f"{who}@example.org")
    visit.get("/sign-in")
    return visit


@pytest.mark.parametrize("route", API_CASES, ids=" ".join)
def test_the_api(stage: Stage, route: tuple[str, str]) -> None:
    case = API_CASES[route]
    found = {who: _call(stage, who, route[0], case).status_code for who in WHO}
    assert found == dict(zip(WHO, map(int, case.expected.split()), strict=True))


def _call(stage: Stage, who: str, method: str, case: Case) -> TestResponse:
    caller, path = stage.callers[who], stage.path(case.path)
    if method == "GET":
        return caller.get(path, buffered=True)
    if path.endswith("/batches"):
        return caller.post(path, data=b"", content_type="application/x-ndjson")
    form = {n: stage.path(v) if isinstance(v, str) else v for n, v in case.form.items()}
    return caller.post(path, json=form)


@pytest.mark.parametrize("route", sorted({*PAGES, *API_CASES}), ids=" ".join)
def test_no_address_takes_another_method(stage: Stage, route: tuple[str, str]) -> None:
    rule = route[1]
    taken = {method for method, path in {*PAGES, *API_CASES} if path == rule}
    path = stage.path((PAGES | API_CASES)[route].path)
    olga = stage.visits["olga"]
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - taken:
        answer = olga.client.open(path, method=method, data={"csrf_token": olga.token})
        assert answer.status_code == 405, method


@pytest.mark.parametrize("who", WHO)
def test_looking_changes_nothing(stage: Stage, who: str) -> None:
    before = stage.digest()
    for (method, _), case in (PAGES | API_CASES).items():
        caller = stage.callers[who] if case.path.startswith(API) else stage.visits[who]
        ways = ("get", "head", "options") if method == "GET" else ("options",)
        for way in ways:
            headers = getattr(caller, "headers", {})
            getattr(caller.client, way)(stage.path(case.path), headers=headers).close()
    assert stage.digest() == before


FOREIGN = [
    ("paul", "GET", "/projects/other/comparisons/{comparison}"),
    ("paul", "POST", "/projects/other/comparisons/{comparison}/judgments/{of_bea}/exclude"),
    ("paul", "POST", "/projects/other/comparisons/{foreign_comparison}/judgments/{of_bea}/exclude"),
    ("paul", "POST", "/projects/other/comparisons/{comparison}/withdraw"),
    ("paul", "GET", "/projects/other/batches/{batch}"),
    ("paul", "GET", "/projects/other/generations/{drawn}"),
    ("paul", "GET", "/projects/other/generations/new?earlier={drawn}"),
    ("paul", "POST", "/projects/other/generations/{drawn}/finish"),
    ("paul", "GET", "/projects/other/batches/{batch}/refused"),
    ("paul", "POST", "/projects/other/batches/{batch}"),
    ("paul", "GET", "/projects/other/people/{bea}"),
    ("paul", "POST", "/projects/other/people/{bea}"),
    ("paul", "POST", "/projects/other/people/{bea}/role"),
    ("paul", "POST", "/projects/other/people/{bea}/remove"),
    ("paul", "POST", "/projects/other/people/{bea}/link"),
    ("paul", "POST", "/projects/other/gold/{comparison}/set"),
    ("paul", "POST", "/projects/other/gold/{comparison}/unscore"),
    ("paul", "GET", "/projects/other/people/{bea}/admit"),
    ("paul", "POST", "/projects/other/people/{bea}/admit"),
    ("paul", "GET", "/projects/other/releases/1"),
    ("paul", "GET", "/projects/other/releases/orders/{order}"),
    ("paul", "POST", "/projects/other/releases/orders/{order}/stop"),
    ("paul", "GET", "/projects/other/releases/1/download"),
    ("paul", "POST", "/projects/other/releases/1/publish"),
    ("paul", "POST", "/projects/other/releases/1/withdraw"),
    ("olga", "GET", "/projects/helpful/comparisons/{foreign_comparison}"),
    ("paul", "GET", "/projects/other/review/{review}"),
    ("paul", "POST", "/projects/other/review/{review}/accept"),
    ("paul", "POST", "/projects/other/review/{signal}/dismiss"),
    ("paul", "POST", "/projects/other/review/{review}/comment"),
    ("paul", "POST", "/projects/other/review/{review}/adjudicate"),
    ("paul", "POST", "/projects/other/review/{review}/second-opinion"),
    ("paul", "POST", "/projects/other/review/{foreign_review}/judgments/{of_bea}/exclude"),
    ("paul", "POST", "/projects/other/review/{foreign_review}/judgments/{of_bea}/send-back"),
    ("olga", "POST", "/projects/helpful/review/{review}/judgments/{foreign_judgment}/exclude"),
    ("paul", "GET", "/projects/other/disputes/{dispute}"),
    ("paul", "POST", "/projects/other/disputes/{dispute}"),
    ("paul", "GET", "/projects/other/refusals/{refusal}"),
    ("paul", "POST", "/projects/other/refusals/{refusal}/decide"),
    ("paul", "POST", "/projects/other/refusals/{refusal}/take-back"),
    ("paul", "POST", "/projects/other/judgments/{of_bea}/refuse"),
    ("bea", "POST", "/decisions/refusals/{refusal}/appeal"),
    ("bea", "POST", "/questions/{signal}"),
    ("bea", "POST", "/forum/posts/{post}/take-back"),
    ("bea", "POST", "/projects/helpful/time/{added}/withdraw"),
    ("paul", "POST", "/projects/other/time/{added}/withdraw"),
    ("olga", "POST", "/projects/helpful/comparisons/{comparison}/judgments/{judgment}0/exclude"),
    ("root", "GET", "/projects/other/comparisons/{comparison}"),
    ("bea", "GET", "/work/{done}/change"),
]


@pytest.mark.parametrize(("who", "method", "path"), FOREIGN)
def test_numbers_of_another_project_lead_nowhere(
    stage: Stage, who: str, method: str, path: str
) -> None:
    visit = _another_browser(stage, who)
    said = {"role": "owner"} if path.endswith("/role") else {"reason": "No.", "comment": "No."}
    data = {"csrf_token": visit.token} | said if method == "POST" else None
    before = stage.digest()
    answer = visit.client.open(stage.path(path), method=method, data=data)
    assert answer.status_code == 404
    assert stage.digest() == before
