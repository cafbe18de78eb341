"""`mien models`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mien.models import registry
from mien.prepare.prepared import PreparedSet


def test_every_registered_model_is_listed_with_its_kind(mien: Callable) -> None:
    code, out, _ = mien("models")
    assert code == 0
    for name in (*registry.names(), *registry.probes()):
        line = next(line for line in out.splitlines() if line.startswith(f"{name} "))
        assert registry.card(name).kind in line


@pytest.mark.parametrize("name", [*registry.names(), *registry.probes()])
def test_one_model_shows_its_paper_and_every_option(mien: Callable, name: str) -> None:
    code, out, _ = mien("models", name)
    assert code == 0
    assert registry.card(name).paper[:12] in out
    first_words = {line.split()[0] for line in out.splitlines() if line.strip()}
    for option, field in registry.options(name).model_fields.items():
        assert option in first_words
        assert field.description, f"{name}.{option} has no description"


def test_a_probe_says_how_to_run_it_and_cannot_be_evaluated(
    mien: Callable, small_clips: PreparedSet, tmp_path: Path
) -> None:
    _, out, _ = mien("models", "identity-slowfast")
    assert "mien probe identity --data SET --network identity-slowfast" in out
    given = ("--data", small_clips.path, "--task", "megc-3", "--out", tmp_path / "run")
    code, _, err = mien("evaluate", "identity-slowfast", *given)
    assert code == 2 and "mien probe identity --network identity-slowfast" in err
    assert not (tmp_path / "run").exists()


def test_the_range_of_an_option_is_shown_in_words(mien: Callable) -> None:
    _, out, _ = mien("models", "ststnet")
    (epochs,) = (line for line in out.splitlines() if line.startswith("epochs "))
    assert "int, at least 1" in epochs
    (optimiser,) = (line for line in out.splitlines() if line.startswith("optimiser "))
    assert "adam or adamw" in optimiser


def test_an_unknown_model_is_a_wrong_call_that_names_the_nearest(mien: Callable) -> None:
    code, _, err = mien("models", "stsnet")
    assert code == 2
    assert "ststnet" in err


def test_one_model_shows_what_it_reads_the_recipes_that_make_it_and_its_use_of_the_coding(
    mien: Callable,
) -> None:
    _, out, _ = mien("models", "aie-cmcl-flow")
    rows = {line.split("  ")[0]: line for line in out.splitlines()}
    assert "onset_apex_flow (N, 3, 28, 28)" in rows["reads"]
    assert "onset-apex" in rows["recipes"] and "landmarks" not in rows["recipes"]
    assert "in training" in rows["AU coding"]
    _, out, _ = mien("models", "majority")
    assert any(line.split() == ["recipes", "any"] for line in out.splitlines())


def test_the_recognisers_that_can_read_a_set_are_told_and_what_the_others_lack(
    mien: Callable, small_set: PreparedSet
) -> None:
    code, out, _ = mien("models", "--data", str(small_set.path))
    assert code == 0
    told = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert told["ststnet"].split() == ["ststnet", "yes"]
    assert "no: it has onset_apex_flow; needed: landmarks" in told["st-bln"]
    assert set(registry.names()) <= set(told)
    _, one, _ = mien("models", "st-bln", "--data", str(small_set.path))
    assert any(line.split()[:4] == ["reads", "the", "set", "no:"] for line in one.splitlines())
