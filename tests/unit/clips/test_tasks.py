"""Tasks: the class of every clip, and a reason in words for every clip left out."""

from __future__ import annotations

import pickle

import pytest

from mien.clips.table import ClipTable
from mien.clips.tasks import TASKS, Task, get
from mien.errors import InputError, UsageError


def table(*clips: tuple[str, str] | tuple[str, str, int]) -> ClipTable:
    """A table of (dataset, emotion[, objective class])."""
    return ClipTable.from_rows(
        {
            "dataset": clip[0],
            "subject": "s",
            "clip": str(number),
            "key": str(number),
            "fps": 200,
            "emotion": clip[1],
            "objective": clip[2] if len(clip) > 2 else None,
        }
        for number, clip in enumerate(clips)
    )


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_every_task_is_consistent(task: Task) -> None:
    assert task.title
    assert task.source
    assert len(set(task.classes)) == len(task.classes) >= 2
    assert task.databases
    for dataset, classes in task.classes_of.items():
        assert set(classes.values()) == set(task.classes), dataset
    assert {out.dataset for out in task.exclusions} <= set(task.databases)
    assert set(task.left_out) <= set(task.databases)
    assert pickle.loads(pickle.dumps(task)) == task
    assert hash(task) == hash(pickle.loads(pickle.dumps(task)))


def test_the_tasks_of_the_design_are_there() -> None:
    names = "megc-3 casme2-5 samm-5 mmew-4 mmew-6 casme3-3 casme3-4 casme3-7 objective-5 ckplus-7"
    assert list(TASKS) == names.split()
    assert [len(get(name).classes) for name in names.split()] == [3, 5, 5, 4, 6, 3, 4, 7, 5, 7]


def test_megc_pools_emotions_into_three_classes() -> None:
    clips = table(
        ("casme2", "repression"),
        ("casme2", "others"),
        ("samm", "contempt"),
        ("samm", "other"),
        ("smic", "positive"),
        ("synthetic", "fear"),
        ("synthetic", "surprise"),
        ("mmew", "happiness"),
        ("casme2", ""),
    )
    assignment = get("megc-3").assign(clips)
    assert assignment.labels.tolist() == [0, -1, 0, -1, 1, 0, 2, -1, -1]
    assert assignment.kept.tolist() == [0, 2, 4, 5, 6]
    assert assignment.counts == {"negative": 3, "positive": 1, "surprise": 1}
    assert assignment.reasons[1].startswith("emotion others: MEGC 2019 takes only")
    assert assignment.reasons[7] == "megc-3 is not defined for the database mmew"
    assert assignment.reasons[8] == "no emotion is given"
    assert [bool(reason) for reason in assignment.reasons] == (assignment.labels < 0).tolist()


def test_the_excluded_clips_are_listed_with_their_reason() -> None:
    excluded = get("megc-3").assign(table(("smic", "negative"), ("samm", "other"))).excluded
    assert excluded["key"].tolist() == ["1"]
    assert excluded["reason"].tolist() == ["emotion other: MEGC 2019 leaves out what SAMM calls other"]


def test_single_clips_are_excluded_by_name() -> None:
    rows = [
        {
            "dataset": "casme2",
            "subject": subject,
            "clip": clip,
            "key": subject,
            "fps": 200,
            "emotion": "disgust",
        }
        for subject, clip in [("sub04", "EP12_01f"), ("sub05", "EP09_05f"), ("sub06", "EP12_01f")]
    ]
    reasons = get("megc-3").assign(ClipTable.from_rows(rows)).reasons
    assert "no apex" in reasons[0]
    assert "apex is the onset" in reasons[1]
    assert reasons[2] == ""
    assert get("casme2-5").assign(ClipTable.from_rows(rows)).reasons == ("", "", "")


def test_objective_classes_one_to_five() -> None:
    clips = table(*(("samm", "anger", number) for number in range(1, 8)), ("samm", "anger"))
    assignment = get("objective-5").assign(clips)
    assert assignment.labels.tolist() == [0, 1, 2, 3, 4, -1, -1, -1]
    assert assignment.reasons[5].startswith("objective class 6: the five-class set leaves out")
    assert assignment.reasons[7] == "no objective class is given"


def test_a_task_that_keeps_nothing_is_an_input_error() -> None:
    with pytest.raises(InputError) as refused:
        get("samm-5").assign(table(("smic", "negative")))
    assert "keeps none of the clips" in str(refused.value)
    assert "clips of smic" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "nearest"), [("megc3", "megc-3"), ("casme-5", "casme2-5"), ("MMEW-4", "mmew-4")]
)
def test_an_unknown_task_names_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(UsageError) as refused:
        get(name)
    assert f"did you mean '{nearest}'?" in str(refused.value)


def test_a_name_like_no_other_lists_all() -> None:
    with pytest.raises(UsageError, match=r"known: megc-3, .*ckplus-7"):
        get("###")
