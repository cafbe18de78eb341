"""The identity probe: what it finds in features that hold the person, the session, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.clips.table import ClipTable
from mien.errors import InputError, UsageError
from mien.experiments.identity import Namer, ProbeConfig, features_view, probe, set_views
from mien.experiments.linear_probe import LinearNamer
from mien.prepare.prepared import ArrayToWrite, PreparedSet

PEOPLE, SESSIONS, TAKES = 8, 4, 3
N = PEOPLE * SESSIONS * TAKES
PERSON = np.arange(N) // (SESSIONS * TAKES)
SESSION = np.arange(N) // TAKES


def table(dataset: str = "casme2", clip: str = "EP{s:02}_{t}") -> ClipTable:
    """Eight people, four sessions each, three clips in each."""
    return ClipTable.from_rows(
        {
            "dataset": dataset,
            "subject": f"sub{p:02}",
            "clip": clip.format(s=s, t=t),
            "key": f"{dataset}-{p}-{s}-{t}",
            "fps": 200,
            "emotion": "",
            "notes": "",
        }
        for p in range(PEOPLE)
        for s in range(SESSIONS)
        for t in range(TAKES)
    )


def rows(features: np.ndarray, clips: ClipTable | None = None) -> dict[str, dict[str, Any]]:
    """The row of each split."""
    found = probe(clips or table(), features_view(features, N), ProbeConfig(folds=4))["rows"]
    return {row["split"]: row for row in found}


def products_of(namer: Namer) -> np.ndarray:
    assert isinstance(namer, LinearNamer)
    return namer.products


def noise(d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(N, d))


def test_people_in_the_features_are_named_whatever_the_session() -> None:
    found = rows(np.random.default_rng(1).normal(size=(PEOPLE, 30))[PERSON] + 0.2 * noise(30))
    for split in ("other sessions", "other clips"):
        assert found[split]["top1"] == found[split]["top5"] == 1
        assert found[split]["auc"] > 0.85  # six people are a coarse space for two new ones
        assert found[split]["eer"] < 0.2
        assert found[split]["chance1"] <= 1 / PEOPLE + 1e-9


def test_what_only_marks_the_session_names_people_in_the_random_split_alone() -> None:
    found = rows(np.random.default_rng(1).normal(size=(PEOPLE * SESSIONS, 60))[SESSION] + 0.2 * noise(60))
    assert found["other clips"]["top1"] > 0.9
    assert found["other sessions"]["top1"] < 0.3
    assert found["other sessions"]["auc"] == pytest.approx(0.5, abs=0.1)


def test_noise_is_told_to_be_noise() -> None:
    found = rows(noise(50))
    for row in found.values():
        assert row["top1"] < 0.3
        assert row["top1_low"] <= row["top1"] <= row["top1_high"]
        assert row["auc"] == pytest.approx(0.5, abs=0.08)
        assert row["eer"] == pytest.approx(0.5, abs=0.08)
    assert found["other sessions"]["genuine"] == PEOPLE * SESSIONS * (SESSIONS - 1) // 2 * TAKES**2
    assert found["other clips"]["genuine"] == PEOPLE * SESSIONS * TAKES * (SESSIONS * TAKES - 1) // 2


class Watching:
    """Notes who is trained on and who is tested; says nothing of anybody."""

    def __init__(self) -> None:
        self.seen: list[tuple[np.ndarray, np.ndarray]] = []

    def scores(
        self, train: np.ndarray, test: np.ndarray, people: np.ndarray, parts: np.ndarray
    ) -> np.ndarray:
        self.seen.append((train, test))
        return np.random.default_rng(0).random((len(test), int(people.max()) + 1))


def test_people_are_named_from_other_sessions_and_compared_by_who_knows_neither() -> None:
    watching, order = Watching(), np.random.default_rng(1).permutation(N)
    probe(ClipTable(table().frame.iloc[order].reset_index(drop=True)), {"x": watching}, ProbeConfig(folds=4))
    who, when = PERSON[order], SESSION[order]
    named, compared = watching.seen[:4], watching.seen[4:8]
    for train, test in named:
        assert not set(when[train]) & set(when[test])
        assert set(who[test]) <= set(who[train])
    for train, test in compared:
        assert not set(who[train]) & set(who[test])
        assert len(set(who[test])) >= 2
    for folds in (named, compared):
        assert sorted(np.concatenate([test for _, test in folds])) == list(range(N))
    for train, test in watching.seen[8:12]:  # the usual random split
        assert not set(train) & set(test)
        assert set(when[train]) & set(when[test])


def test_chance_is_to_name_those_most_frequent_in_training() -> None:
    """Of 128 clips two people have 32 each, four 8 each, six others the rest."""
    shares = np.repeat(np.arange(12), [5, 8, 5, 32, 8, 6, 5, 8, 32, 5, 8, 6])
    clips = ClipTable.from_rows(
        {
            "dataset": "casme2",
            "subject": f"sub{p:02}",
            "clip": f"EP{i:03}_1",
            "key": f"casme2-{i}",
            "fps": 200,
            "emotion": "",
            "notes": "",
        }
        for i, p in enumerate(shares)
    )
    (row, _) = probe(clips, {"x": Watching()}, ProbeConfig(folds=4))["rows"]
    assert row["clips"] == 128
    assert row["chance1"] == pytest.approx(32 / 128)
    assert row["chance5"] == pytest.approx((2 * 32 + 3 * 8) / 128)


def test_the_same_call_gives_the_same_findings() -> None:
    assert rows(noise(20)) == rows(noise(20))


def test_databases_are_probed_one_by_one_and_unknown_sessions_are_told() -> None:
    import pandas as pd

    both = ClipTable(pd.concat([table().frame, table("smic", "s{s}_{t}").frame], ignore_index=True))
    features = np.concatenate([noise(20), noise(20, 1) + 100])
    told = probe(both, features_view(features, 2 * N), ProbeConfig(folds=3))
    assert told["databases"]["casme2"]["sessions_known"]
    assert not told["databases"]["smic"]["sessions_known"]
    assert [(row["database"], row["split"]) for row in told["rows"]] == [
        ("casme2", "other sessions"),
        ("casme2", "other clips"),
        ("smic", "other clips"),
    ]
    assert all(row["top1"] < 0.35 for row in told["rows"])


def test_too_few_people_or_folds_are_refused() -> None:
    one_session = table(clip="EP01_{s}_{t}")
    with pytest.raises(InputError, match="casme2: 0 such people of 8"):
        probe(one_session, features_view(noise(5), N), ProbeConfig())
    with pytest.raises(UsageError, match="two folds"):
        probe(table(), features_view(noise(5), N), ProbeConfig(folds=1))


def test_features_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="one row per clip"):
        features_view(noise(5)[1:], N)
    with pytest.raises(InputError, match="finite"):
        features_view(np.full((N, 2), np.nan), N)


def test_pictures_are_probed_as_clip_still_and_motion(small_clips: PreparedSet) -> None:
    views = set_views(small_clips)
    assert set(views) == {"flow", "rgb", "rgb, first frame (still)", "rgb, change since it (motion)"}
    rgb = np.asarray(small_clips.arrays["rgb"], dtype=np.float64)
    first = rgb[:, 0, 0].reshape(len(rgb), -1)
    change = (rgb[:, 0] - rgb[:, 0, :1]).reshape(len(rgb), -1)
    for title, values in (("first frame (still)", first), ("change since it (motion)", change)):
        centred = values - values.mean(axis=0)
        np.testing.assert_allclose(
            products_of(views[f"rgb, {title}"])[0], centred @ centred.T, rtol=1e-6, atol=1e-3
        )


def test_two_moments_are_probed_as_still_and_motion_too(tmp_path: Path) -> None:
    grey = np.random.default_rng(0).integers(255, size=(N, 2, 6, 6)).astype(np.uint8)
    grey[:, 1] = grey[:, 0]  # nothing moves
    array = ArrayToWrite(grey, ("onset", "apex"), "0..255", "made up")
    made = PreparedSet.write(
        tmp_path / "set", name="x", table=table(), arrays={"onset_apex_grey": array}, recipe={}
    )
    views = set_views(made)
    assert not products_of(views["onset_apex_grey, change since it (motion)"]).any()
    assert products_of(views["onset_apex_grey, first frame (still)"]).any()


def test_an_array_that_the_set_lacks_is_refused(small_clips: PreparedSet) -> None:
    assert set(set_views(small_clips, ("flow",))) == {"flow"}
    with pytest.raises(UsageError, match="flow, rgb"):
        set_views(small_clips, ("rbg",))


def test_progress_is_told_for_every_row(small_set: PreparedSet) -> None:
    told: list[tuple[int, int]] = []
    update: Callable[[int, int, str], None] = lambda done, total, text: told.append((done, total))  # noqa: E731
    probe(small_set.table, set_views(small_set), ProbeConfig(folds=2), update)
    assert told == [(0, 1), (1, 1)]
