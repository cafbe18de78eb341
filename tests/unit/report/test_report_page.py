"""The page as a whole: what stands in it, that it loads nothing, that it can be read by everyone."""

from __future__ import annotations

import base64
import hashlib
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from report_page import Page
from report_run import CLASSES, SENTENCES, Made, make_run

from mien.errors import InputError, UsageError
from mien.report import write_report
from mien.report.html import write_page


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_run(tmp_path_factory.mktemp("run") / "a")


@pytest.fixture(scope="module")
def page(made: Made) -> Page:
    return Page(write_report(made.path, made.data))


def test_the_file_is_in_the_run_folder_or_where_asked(made: Made, tmp_path: Path) -> None:
    assert write_report(made.path, made.data) == made.path / "report.html"
    out = tmp_path / "new" / "mine.html"
    assert write_report(made.path, made.data, out) == out
    assert out.read_bytes() == (made.path / "report.html").read_bytes()
    assert [each.name for each in out.parent.iterdir()] == ["mine.html"]
    with pytest.raises(UsageError, match="over a folder"):
        write_report(made.path, made.data, tmp_path)


def test_a_failed_write_leaves_the_old_report(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text("old")

    def pieces() -> Iterator[str]:
        yield "<html>"
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_page(pieces(), out)
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]
    assert out.read_text() == "old"


def test_tags_close(page: Page) -> None:
    assert page.faults == []


def test_nothing_is_loaded_from_the_network(page: Page) -> None:
    for each in page.elements:
        for name in ("src", "href", "xlink:href", "srcset", "action", "data", "poster"):
            value = each.attributes.get(name, "#")
            assert value.startswith(("#", "data:image/png;base64,")), (each.name, name, value[:60])
    assert not {each.name for each in page.elements} & {"link", "iframe", "object", "embed", "base", "img"}
    style = page.all("style")[0].text
    assert "@import" not in style
    assert "url(" not in style
    assert not re.search(r"https?:", page.source)


def test_the_page_forbids_itself_the_network_and_foreign_scripts(page: Page) -> None:
    policy = next(e.attributes["content"] for e in page.all("meta") if e.attributes.get("http-equiv"))
    assert "default-src 'none'" in policy
    script = re.findall(r"<script>(.*?)</script>", page.source, re.S)
    assert len(script) == 1
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy


def test_a_whole_evaluation_stays_small(tmp_path: Path) -> None:
    made = make_run(tmp_path / "big", databases={"casme2": 24, "samm": 28, "smic": 16}, epochs=100)
    out = write_report(made.path, made.data)
    assert out.stat().st_size < 1_500_000


def test_the_same_run_gives_the_same_bytes(made: Made, tmp_path: Path) -> None:
    one = write_report(made.path, made.data, tmp_path / "1.html").read_bytes()
    assert write_report(made.path, made.data, tmp_path / "2.html").read_bytes() == one


def test_the_heading_says_what_was_run_and_how_to_take_it(page: Page, made: Made) -> None:
    head = page.all("header")[0].text
    for words in (made.config["title"], "aie-cmcl-flow", "fixture-flow", "megc-3", "loso", "apex given"):
        assert words in head
    assert "candidates for a human to check" in head
    assert "facial movement, not of anyone's inner state" in head
    assert "1 warning came up" in head
    assert not page.all("div", "banner")


def test_a_reference_is_announced_and_not_ranked(tmp_path: Path) -> None:
    made = make_run(tmp_path / "a", kind="reference", epochs=0, embeddings=False)
    page = Page(write_report(made.path, made.data))
    assert "Upper reference: not ranked." in page.all("div", "banner")[0].text


def test_references_stand_beside_the_scores_and_a_missing_one_is_explained(page: Page, made: Made) -> None:
    scores = page.section("scores")
    assert "majority" in scores and "0.123" in scores
    assert "au-oracle: no clip has an AU coding." in scores
    del made.metrics["references"]
    made.rewrite()
    assert "For comparison" not in Page(write_report(made.path, made.data)).section("scores")


def test_cards_hold_mean_spread_and_interval(page: Page, made: Made) -> None:
    cards = page.all("div", "card")
    assert [page_card.text.split()[0] for page_card in cards] == ["UF1", "UAR", "Accuracy", "Weighted"]
    for card, name in zip(cards, ("uf1", "uar", "accuracy", "weighted_f1"), strict=True):
        score = made.metrics[name]
        assert f"{score['mean']:.3f} ± {score['sd']:.3f} sd over 3 seeds" in card.text
        assert f"95 %: {score['low']:.3f} to {score['high']:.3f}" in card.text


def test_tables_hold_every_number_of_the_metrics(page: Page, made: Made) -> None:
    for row in made.metrics["per_seed"]:
        assert f"{row['seed']} {row['uf1']:.3f} {row['uar']:.3f} {row['accuracy']:.3f}" in page.section(
            "seeds"
        )
    for name, row in made.metrics["per_database"].items():
        words = f"{name} {row['uf1']:.3f} {row['uar']:.3f} {row['accuracy']:.3f} {row['n_clips']}"
        assert words in page.section("databases")
    for name, row in made.metrics["per_class"].items():
        words = f"{name} {row['precision']:.3f} {row['recall']:.3f} {row['f1']:.3f} {row['support']}"
        assert words in page.section("classes")
    for row in made.metrics["per_subject"]:
        words = f"{row['subject']} {row['dataset']} {row['n_clips']} {row['accuracy']:.3f}"
        assert words in page.section("subjects")


def test_the_confusion_matrix_has_counts_and_row_percent(page: Page, made: Made) -> None:
    counts = np.array(made.metrics["confusion"])
    percent = 100 * counts / counts.sum(axis=1, keepdims=True)
    shown = [cell.text for cell in page.all("td", "cell")]
    wanted = [f"{n} {p:.0f} %" for n, p in zip(counts.ravel(), percent.ravel(), strict=True)]
    assert shown == wanted
    assert "summed over 3 seeds" in page.section("confusion")


def test_the_peeked_scores_are_marked_invalid(page: Page, tmp_path: Path) -> None:
    audit = page.all("div", "audit")[0].text
    assert "invalid" in audit
    assert "never report them" in audit
    assert "0.914" in audit
    assert all("peeked" in each.attributes["class"] for each in page.all("td") if each.text == "0.914")
    without = make_run(tmp_path / "b", audit=False, epochs=0, embeddings=False)
    assert "peeked" not in Page(write_report(without.path)).text


def test_undefined_scores_say_why(tmp_path: Path) -> None:
    made = make_run(tmp_path / "a", epochs=0, embeddings=False)
    made.metrics["uf1"] = {"mean": math.nan, "sd": None, "low": None, "high": None}
    made.metrics["undefined"] = "class 'positive' is absent from the true labels"
    made.metrics["per_database"]["smic"]["uf1"] = None
    made.rewrite()
    table = made.predictions
    smic = table["dataset"] == "smic"
    table.loc[smic & (table["truth"] == "positive"), "truth"] = "negative"
    table.to_csv(made.path / "predictions.csv", index=False)
    page = Page(write_report(made.path, made.data))
    assert "UF1 undefined class 'positive' is absent from the true labels" in page.section("scores")
    assert "Undefined for smic: no clip of class positive in the truth." in page.section("databases")
    assert "nan" not in page.text.lower().split()


def test_a_class_without_clips_is_undefined_and_not_skipped(tmp_path: Path) -> None:
    made = make_run(tmp_path / "a", epochs=0, embeddings=False)
    made.metrics["per_class"]["surprise"] = {"precision": 0.0, "recall": None, "f1": None, "support": 0}
    made.metrics["confusion"][2] = [0, 0, 0]
    made.rewrite()
    page = Page(write_report(made.path, made.data))
    assert "surprise 0.000 undefined undefined 0" in page.section("classes")
    assert page.section("confusion").count("no clips") == 3


def test_one_seed_has_no_spread(tmp_path: Path) -> None:
    made = make_run(tmp_path / "a", seeds=(4,), epochs=0)
    page = Page(write_report(made.path, made.data))
    assert page.section("scores").count("one seed: no spread") == 4
    assert "of 1 seeds" not in page.text


def test_absent_parts_say_why(tmp_path: Path) -> None:
    made = make_run(tmp_path / "a", epochs=0, embeddings=False, databases={"casme2": 4})
    made.metrics |= {
        "per_database": None,
        "reliability": [],
        "per_subject": [],
        "per_seed": [],
        "per_class": {},
    }
    made.config |= {"excluded": [], "options": {}, "warnings": [], "versions": {}, "command": "", "folds": []}
    made.rewrite()
    page = Page(write_report(made.path))
    assert "no curves.csv" in page.section("curves")
    assert "no embeddings.npz" in page.section("embedding")
    assert "prepared set was not at hand" in page.section("worst")
    assert "come from one database" in page.section("databases")
    assert "no reliability bins" in page.section("calibration")
    assert "No clip of the set was left out" in page.section("excluded")
    assert "command was not recorded" in page.section("reproduce")
    assert page.faults == []


def test_another_set_is_not_drawn(made: Made, tmp_path: Path) -> None:
    other = type(made.data)(**{**vars(made.data), "data_hash": "cd" * 32})
    page = Page(write_report(made.path, other, tmp_path / "r.html"))
    assert "other content than the one this run evaluated" in page.section("worst")
    assert not page.all("svg", "flow")


def test_worst_clips_are_the_most_confident_mistakes(page: Page, made: Made) -> None:
    table = made.predictions
    mean = table.groupby("key")[[f"prob_{name}" for name in CLASSES]].mean()
    truth = table.groupby("key")["truth"].first()
    wrong = {}
    for key, row in mean.iterrows():
        others = [row[f"prob_{name}"] for name in CLASSES if name != truth[key]]
        if max(others) > row[f"prob_{truth[key]}"]:
            wrong[str(key)] = max(others)
    wanted = sorted(wrong, key=lambda key: -wrong[key])[:12]
    clips = page.all("article", "clip")
    assert [clip.text.split()[0] for clip in clips] == wanted
    assert len(page.all("svg", "flow")) == len(wanted)
    assert f"{wrong[wanted[0]]:.2f}" in clips[0].text
    assert "of 3 seeds" in clips[0].text


def test_the_map_shows_every_clip_with_its_sentence(page: Page, made: Made) -> None:
    points = [each for each in page.all("title") if "svg" in each.parents and "its own AUs" in each.text]
    assert len(points) == len(made.keys)
    assert {key for key in made.keys if any(each.text.startswith(key) for each in points)} == set(made.keys)
    assert all(any(sentence in each.text for sentence in SENTENCES) for each in points)
    assert any("its own AUs: not coded in this database" in each.text for each in points)
    assert "do not share one space exactly" in page.section("embedding")


def test_a_large_map_is_thinned_and_says_so(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mien.report import clips, page

    few = lambda run, source: clips.map_of(run, source, most=20)  # noqa: E731
    monkeypatch.setattr(page, "map_of", few)
    thinned = Page(write_report(made.path, made.data, tmp_path / "r.html"))
    assert f"{len(made.keys) - 20} clips are not drawn" in thinned.section("embedding")


def test_protocol_exclusions_and_reproduction(page: Page, made: Made) -> None:
    assert made.config["protocol_words"] in page.section("protocol")
    assert "opened once, after its training had ended" in page.section("protocol")
    excluded = page.section("excluded")
    assert "the table names no apex" in excluded
    assert "casme2/05/EP09_05f" in excluded
    again = page.section("reproduce")
    for words in (
        made.config["command"],
        "4c01396",
        "ab" * 32,
        "2.13.0",
        "1 min 23 s",
        "processes: measured",
    ):
        assert words in again
    assert "16 clips carry no AU coding" in page.section("warnings")
    assert "[16, 32, 64]" in page.section("options")


def test_everyone_can_read_it(page: Page) -> None:
    assert page.elements[0].attributes["lang"] == "en"
    assert len(page.all("h1")) == 1
    for svg in page.all("svg"):
        described = svg.attributes.get("role") == "img" and len(svg.attributes.get("aria-label", "")) > 10
        assert described or svg.attributes.get("aria-hidden") == "true"
    assert len(page.all("caption")) == len(page.all("table"))
    for head in page.all("th"):
        assert head.attributes.get("scope") in ("col", "row", "colgroup")
    ids = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        assert link.attributes["href"][1:] in ids


def test_an_unfinished_run_is_told_how_to_finish(made: Made, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes((made.path / "run.json").read_bytes())
    with pytest.raises(InputError) as caught:
        write_report(tmp_path)
    assert "metrics.json: missing" in str(caught.value)
    assert "predictions.csv: missing" in str(caught.value)
    assert made.config["command"] in str(caught.value)


def test_importing_the_report_stays_light() -> None:
    code = (
        "import sys, mien.report; "
        "heavy = {'torch', 'sklearn', 'matplotlib', 'plotly', 'scipy'} & set(sys.modules); "
        "rooms = ('mien.metrics', 'mien.training', 'mien.models'); "
        "ours = [name for name in sys.modules if name.startswith(rooms)]; "
        "print(sorted(heavy), ours)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"
