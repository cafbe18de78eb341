"""The contrastive losses on cases with a known value (spec of AIE-CMCL, section 10)."""

from __future__ import annotations

import math

import torch

from mien.models.contrastive import contrast_within, cross_modal_kl, info_nce


def test_uniform_similarities_with_diagonal_targets_give_log_b() -> None:
    similarity = torch.zeros(6, 6)
    torch.testing.assert_close(info_nce(similarity, torch.ones(6)), torch.tensor(math.log(6)))


def test_identical_sets_and_uniform_similarities_give_zero() -> None:
    loss = cross_modal_kl(torch.zeros(5, 5), torch.ones(5, 5), torch.ones(5), torch.ones(5))
    torch.testing.assert_close(loss, torch.tensor(0.0), atol=1e-6, rtol=0)


def test_order_of_the_batch_does_not_matter() -> None:
    torch.manual_seed(0)
    similarity, target = torch.randn(7, 4), (torch.rand(7, 4) < 0.4).float()
    rows, columns = torch.ones(7), torch.ones(4)
    order = torch.randperm(7)
    torch.testing.assert_close(
        cross_modal_kl(similarity, target, rows, columns),
        cross_modal_kl(similarity[order], target[order], rows[order], columns),
    )


def test_clips_without_text_change_nothing_and_get_no_gradient() -> None:
    torch.manual_seed(1)
    similarity = torch.randn(6, 4, requires_grad=True)
    target = torch.eye(4)[torch.tensor([0, 1, 1, 3, 2, 2])]
    rows = torch.tensor([1.0, 1.0, 1.0, 1.0, 0.0, 0.0])
    loss = cross_modal_kl(similarity, target, rows, torch.ones(4))
    alone = cross_modal_kl(similarity[:4], target[:4], torch.ones(4), torch.ones(4))
    torch.testing.assert_close(loss, alone)
    (gradient,) = torch.autograd.grad(loss, similarity)
    assert gradient[4:].abs().max() == 0 and gradient[:4].abs().max() > 0


def test_padded_texts_change_nothing() -> None:
    torch.manual_seed(2)
    similarity = torch.randn(5, 3)
    target = torch.eye(3)[torch.tensor([0, 1, 2, 2, 0])]
    padded = cross_modal_kl(
        torch.cat([similarity, torch.randn(5, 2)], 1),
        torch.cat([target, torch.zeros(5, 2)], 1),
        torch.ones(5),
        torch.tensor([1.0, 1.0, 1.0, 0.0, 0.0]),
    )
    torch.testing.assert_close(padded, cross_modal_kl(similarity, target, torch.ones(5), torch.ones(3)))


def test_multi_positive_equals_a_slow_version() -> None:
    torch.manual_seed(3)
    similarity, sets = torch.randn(4, 4), [0, 1, 0, 2]
    target = torch.tensor([[float(a == b) for b in sets] for a in sets])

    def slow(s: torch.Tensor, t: torch.Tensor) -> float:
        total = 0.0
        for i in range(4):
            q = [math.exp(v) for v in s[i].tolist()]
            n = sum(t[i].tolist())
            for j in range(4):
                p = float(t[i, j]) / n
                total += p * math.log(p / (q[j] / sum(q))) if p else 0.0
        return total / 4

    expected = 0.5 * (slow(similarity, target) + slow(similarity.T, target.T))
    found = cross_modal_kl(similarity, target, torch.ones(4), torch.ones(4))
    assert abs(float(found) - expected) < 1e-5


def test_nothing_to_tie_gives_zero() -> None:
    loss = cross_modal_kl(torch.randn(3, 2), torch.zeros(3, 2), torch.zeros(3), torch.ones(2))
    assert float(loss) == 0


def test_contrast_within_is_the_supervised_contrastive_loss_up_to_the_entropy_of_its_targets() -> None:
    """Khosla's loss, written as in its paper: the mean over positives of minus log softmax over all others."""
    z = torch.nn.functional.normalize(torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), dim=1)
    label = torch.tensor([0, 0, 0, 1, 1, 2])
    similarity, same = z @ z.T / 0.3, (label[:, None] == label).float()
    losses = []
    for i in range(5):  # the last clip has no positive
        others = [j for j in range(6) if j != i]
        positives = [j for j in others if label[j] == label[i]]
        log_sum = torch.logsumexp(similarity[i, others], dim=0)
        losses.append(
            torch.stack([log_sum - similarity[i, j] for j in positives]).mean() - math.log(len(positives))
        )
    found = contrast_within(similarity, same, torch.ones(6, 6))
    torch.testing.assert_close(found, torch.stack(losses).mean())
