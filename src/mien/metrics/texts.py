"""BLEU and ROUGE-1 of one answer against one reference: lower case, cut at white space, no smoothing.

The tokeniser is ours: the MEGC papers name none. Without smoothing, BLEU-4 of an answer or a reference of fewer
than four words is 0 even if they are equal, so it says nothing about one-word answers: report it by kind of question.
"""

from __future__ import annotations

import math
from collections import Counter

LONGEST = 4


def words(text: str) -> list[str]:
    """The text in lower case, cut at white space."""
    return text.lower().split()


def bleu(reference: str, answer: str) -> float:
    """BLEU-4 in 0..1: exp(min(1 - r/c, 0)) times the geometric mean of the clipped n-gram precisions, n = 1..4.

    Papineni et al., BLEU: a method for automatic evaluation of machine translation, ACL 2002.

    >>> bleu("a b c d", "a b c d"), bleu("happiness", "happiness")
    (1.0, 0.0)
    """
    true, said = words(reference), words(answer)
    if min(len(true), len(said)) < LONGEST:
        return 0.0
    total = 0.0
    for n in range(1, LONGEST + 1):
        wanted, given = _grams(true, n), _grams(said, n)
        hits = sum((wanted & given).values())
        if not hits:
            return 0.0
        total += math.log(hits / sum(given.values()))
    return math.exp(min(1 - len(true) / len(said), 0.0)) * math.exp(total / LONGEST)


def rouge1(reference: str, answer: str) -> tuple[float, float]:
    """ROUGE-1 recall (shared words over those of the reference) and F1, both in 0..1.

    Lin, ROUGE: a package for automatic evaluation of summaries, 2004.

    >>> rouge1("brow lowerer", "brow raiser inner raiser")
    (0.5, 0.3333333333333333)
    """
    true, said = _grams(words(reference), 1), _grams(words(answer), 1)
    shared, n_true, n_said = sum((true & said).values()), sum(true.values()), sum(said.values())
    if not n_true:
        return math.nan, math.nan
    return shared / n_true, 2 * shared / (n_true + n_said)


def _grams(tokens: list[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))
