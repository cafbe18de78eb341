"""`mien tasks`."""

from __future__ import annotations

from collections.abc import Callable

from mien.clips.tasks import TASKS


def test_all_tasks_are_listed_with_their_classes(mien: Callable) -> None:
    code, out, _ = mien("tasks")
    assert code == 0
    assert [name for name in TASKS if name not in out] == []
    assert ", ".join(TASKS["megc-3"].classes) in out


def test_one_task_alone(mien: Callable) -> None:
    code, out, _ = mien("tasks", "casme2-5")
    assert code == 0
    assert "casme2-5" in out
    assert "samm-5" not in out


def test_an_unknown_task_is_a_wrong_call_that_names_the_nearest(mien: Callable) -> None:
    code, _, err = mien("tasks", "megc3")
    assert code == 2
    assert "megc-3" in err
