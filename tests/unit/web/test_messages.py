"""mien.web.messages: an error becomes words, without where it happened on this machine."""

from __future__ import annotations

from mien.errors import InputError
from mien.web.messages import Problem, Refused


def test_a_problem_says_what_was_found_and_what_to_do_but_no_path() -> None:
    error = InputError("the file is empty", where="/private/place/upload", found=0, do="copy it again")
    problem = Problem.of(error)
    assert problem == Problem(what="the file is empty", found="0", do="copy it again")
    assert "private" not in problem.model_dump_json()


def test_a_refusal_has_a_status() -> None:
    assert Refused(413, "too large").status == 413
