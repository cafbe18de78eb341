"""Runs become rows: grouped by what may be compared, ranked by UF1, references last."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mien.errors import InputError
from mien.experiments.evaluate import evaluate
from mien.experiments.leaderboard import boards, parameters
from mien.experiments.setting import EvaluateConfig
from mien.prepare.prepared import FLOW, ArrayToWrite, PreparedSet


@pytest.fixture(scope="module")
def runs(small_set: PreparedSet, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    folder = tmp_path_factory.mktemp("runs")

    def make(
        name: str,
        model: str,
        protocol: str = "loso",
        audit: bool = False,
        data: PreparedSet = small_set,
        **options: str,
    ) -> Path:
        config = EvaluateConfig(
            model=model,
            data=str(data.path),
            task="megc-3",
            protocol=protocol,
            seeds=1,
            audit=audit,
            device="cpu",
            backend="loop",
            options=options,
        )
        return evaluate(config, folder / name).path

    return make


def test_runs_on_the_same_clips_are_ranked_and_references_come_last(runs: Callable[..., Path]) -> None:
    found = boards(
        [
            runs("floor", "majority"),
            runs("shallow", "ststnet", audit=True, epochs="1"),
            runs("classic", "lda-hoof"),
            runs("other", "lda-hoof", protocol="kfold:3"),
        ]
    )
    assert [(board.protocol, len(board.rows)) for board in found] == [("kfold:3", 3), ("loso", 4)]
    board = found[1]
    assert board.made_up
    assert (board.n_clips, board.n_subjects) == (40, 5)
    scores = [row.uf1["mean"] or 0 for row in board.rows if row.ranked]
    assert scores == sorted(scores, reverse=True)
    assert [row.ranked for row in board.rows] == [True, True, False, False]
    assert [row.model for row in board.rows[2:]] == ["au-oracle", "majority"]
    # one reference was evaluated itself, the other came along with the runs
    assert [row.run for row in board.rows[2:]] == ["", "floor"]
    (shallow,) = [row for row in board.rows if row.model == "ststnet"]
    assert shallow.options == ("epochs=1",)
    assert shallow.parameters == 1683 and board.rows[2].parameters is None
    metrics = json.loads(
        (runs("shallow", "ststnet", audit=True, epochs="1") / "metrics.json").read_text("utf-8")
    )
    assert shallow.peeked_uf1 == metrics["audit"]["uf1"]
    assert shallow.published.startswith("UF1 .7353")


def test_the_same_clips_share_a_table_however_they_were_prepared_and_made_up_ones_do_not(
    runs: Callable[..., Path], small_set: PreparedSet, tmp_path: Path
) -> None:
    def prepared(name: str, recipe: dict[str, object]) -> PreparedSet:
        flow = ArrayToWrite(2 * small_set.arrays[FLOW], ("u", "v", "strain"), "px", "tests")
        return PreparedSet.write(
            tmp_path / "sets" / name, name=name, table=small_set.table, arrays={FLOW: flow}, recipe=recipe
        )

    found = boards(
        [
            runs("here", "lda-hoof"),
            runs("there", "lda-hoof", data=prepared("other-recipe", dict(small_set.recipe))),
            runs("real", "lda-hoof", data=prepared("as-if-real", {})),
        ]
    )
    assert [board.made_up for board in found] == [True, False]
    assert [row.data for row in found[0].rows if row.ranked] == [small_set.name, "other-recipe"]
    assert [row.data for row in found[1].rows if row.ranked] == ["as-if-real"]
    assert sum(row.model == "majority" for row in found[0].rows) == 1


def test_options_of_another_version_are_left_out_of_the_count() -> None:
    assert parameters("ststnet", {"epochs": 3, "no_longer_known": 1}, "megc-3") == 1683


def test_of_a_file_that_was_named_the_folder_is_left_out(runs: Callable[..., Path]) -> None:
    run = runs("weights", "lda-hoof")
    record = json.loads((run / "run.json").read_text("utf-8"))
    record["model"], record["options"] = "ma2mi-small", {"weights": "secret/folder/macro.safetensors"}
    (run / "run.json").write_text(json.dumps(record), "utf-8")
    (board,) = boards([run])
    assert board.rows[0].options == ("weights=macro.safetensors",)


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a run folder"):
        boards([tmp_path])
