"""What is asked about a clip, and what an answer to it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

#: What an answer is; decides how it is read and scored.
Kind = Literal["label", "units", "yes-no", "count", "text"]
#: How a topic is asked: freely, from a list, yes or no for one proposal, or all labels in an order.
Form = Literal["open", "choice", "judge", "rank"]

NONE = "none"
YES_NO = ("yes", "no")


@dataclass(frozen=True)
class Question:
    """One question about one clip, put to the model in a fresh context.

    Attributes:
        id: unique in its run.
        clip, subject, dataset: what it is about; `clip` is the key of the clip or the name of the video.
        topic: the table in which it is scored, such as "micro-expression" or "coarse".
        kind: what an answer is.
        text: the words for the model, without those about the pictures.
        labels: the answers that are taken, in the order of the task.
        words: other words for labels, beside the synonyms that hold everywhere: (word, label).
        truth: the right answer as `parsing` writes one (a label, "4+7", "yes", "3", a text); None: not known.
        order: which order of the options this is, 0, 1, ...
    """

    id: str
    clip: str
    subject: str
    dataset: str
    topic: str
    kind: Kind
    text: str
    labels: tuple[str, ...] = ()
    words: tuple[tuple[str, str], ...] = ()
    truth: str | None = None
    order: int = 0

    @property
    def group(self) -> str:
        """The person, by a name that is unique across databases."""
        return f"{self.dataset}/{self.subject}"


def seed_of(*parts: object) -> int:
    """A number for random draws that depends on these words alone."""
    return int.from_bytes(hashlib.sha256("\0".join(map(str, parts)).encode()).digest()[:8], "big")


def json_line(content: Mapping[str, Any]) -> str:
    """The content as one line of JSON, for every reader: some end a line where JSON does not."""
    line = json.dumps(content, ensure_ascii=False)
    return line.translate({ord(mark): f"\\u{ord(mark):04x}" for mark in "\x85\u2028\u2029"})


def units_text(numbers: frozenset[int] | set[int]) -> str:
    """A set of Action Units as an answer is written: "4+7", or "none"."""
    return "+".join(map(str, sorted(numbers))) or NONE


def units_of(text: str) -> frozenset[int]:
    """The set that `units_text` wrote."""
    return frozenset() if text == NONE else frozenset(int(number) for number in text.split("+"))
