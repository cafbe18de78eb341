"""The columns of agreement.csv, matches.csv and confusion.csv, which `mien agree` writes."""

from __future__ import annotations

from mien.export.dictionary import Column


def _count(name: str, unit: str, meaning: str) -> Column:
    return Column(name, "integer", unit, "0 or more", "none", meaning)


def _score(name: str, words: str) -> tuple[Column, ...]:
    how = "one video: Wilson; several: bootstrap over videos"
    range_ = "-1 to 1" if name == "kappa" else "0 to 1"
    return (
        Column(name, "number", "1", range_, "larger agrees more", words),
        Column(f"{name}_low", "number", "1", range_, "lower end", f"95 % interval of {name}; {how}"),
        Column(f"{name}_high", "number", "1", range_, "upper end", f"95 % interval of {name}; {how}"),
    )


def _shift(name: str, words: str) -> Column:
    return Column(name, "number", "ms", "any", "positive: Mien later than the coder", words)


VIDEO = Column("video", "text", "-", "a name", "none", "the pair of files; `all`: pooled over the videos")
KIND = Column("kind", "text", "-", "all, micro, macro", "none", "which movements; all: whatever their kind")
LABELS = (
    Column(
        "coder_label", "text", "-", "the coder's words", "none", "the coder's label; empty: none was given"
    ),
    Column(
        "found_label", "text", "-", "a class of the model", "none", "Mien's label; empty: abstained or none"
    ),
)

AGREEMENT = (
    VIDEO,
    KIND,
    _count("n_found", "movements", "candidates of Mien"),
    _count("n_coder", "movements", "movements of the coder"),
    _count("n_matched", "movements", "pairs with IoU of at least 0.5, each movement used once at most"),
    *_score("precision", "n_matched / n_found"),
    *_score("recall", "n_matched / n_coder"),
    *_score("f1", "2 n_matched / (n_found + n_coder)"),
    *_score("kappa", "Cohen's kappa of the frames: inside a movement or not"),
    _count("n_frames", "frames", "frames that were compared; those that the user took out are not"),
    _shift("onset_mean_ms", "mean difference of the onsets of matched movements"),
    Column("onset_median_abs_ms", "number", "ms", "0 or more", "larger differs more", "median of its size"),
    _shift("offset_mean_ms", "mean difference of the offsets of matched movements"),
    Column("offset_median_abs_ms", "number", "ms", "0 or more", "larger differs more", "median of its size"),
)
MATCHES = (
    Column("video", "text", "-", "a name", "none", "the pair of files"),
    Column("event_id", "integer", "1", "1 or more, or empty", "rising", "Mien's candidate; empty: missed"),
    Column(
        "coder_row",
        "integer",
        "1",
        "1 or more, or empty",
        "none",
        "the coder's movement; empty: not in the coding",
    ),
    Column(
        "iou", "number", "1", "0.5 to 1, or empty", "larger agrees more", "intersection over union, in frames"
    ),
    _shift("onset_ms", "difference of the onsets; empty without a match"),
    _shift("offset_ms", "difference of the offsets; empty without a match"),
    Column("found_kind", "text", "-", "micro, macro, or empty", "none", "kind of Mien's candidate"),
    Column("coder_kind", "text", "-", "micro, macro, or empty", "none", "kind of the coder's movement"),
    *LABELS,
)
CONFUSION = (*LABELS, _count("n", "movements", "matched movements with these two labels, over all videos"))
