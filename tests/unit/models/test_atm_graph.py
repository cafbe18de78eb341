"""The graph of ATM-GCN: adjacency, forgetting, masks, and what the order of the nodes means."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mien.models.atm_graph import AtmGraph, AtmLayer, chain, positions

WIDTH = 16


def _graph(memory: str = "learned", layers: int = 2) -> AtmGraph:
    torch.manual_seed(0)
    graph = AtmGraph(WIDTH, layers, 3, memory).eval()  # type: ignore[arg-type]
    for layer in graph.layers:
        torch.nn.init.normal_(layer.type_bias)
    return graph


def _nodes(n: int = 5, clips: int = 2) -> torch.Tensor:
    return torch.randn(clips, n, WIDTH, generator=torch.Generator().manual_seed(1))


def test_two_layers_and_the_classifier_have_the_parameters_of_the_specification() -> None:
    graph = AtmGraph(256, 2, 3, "learned")
    counts = {name: sum(p.numel() for p in part.parameters()) for name, part in graph.named_children()}
    assert counts["layers"] == pytest.approx(198_000, rel=0.05)
    assert counts["attention"] == pytest.approx(527_000, rel=0.05)
    assert counts["classifier"] == 512 * 3 + 3


def test_the_first_adjacency_is_a_chain_beside_the_global_node() -> None:
    found = chain(torch.ones(1, 4))[0]
    joined = torch.tensor(
        [[1, 1, 0, 0, 1], [1, 1, 1, 0, 1], [0, 1, 1, 1, 1], [0, 0, 1, 1, 1], [1, 1, 1, 1, 1]],
        dtype=torch.float,
    )
    torch.testing.assert_close(found, joined / joined.sum(dim=1, keepdim=True))


def test_no_edge_leads_to_a_node_that_does_not_count() -> None:
    valid = torch.tensor([[1, 0, 1, 0]])
    found = chain(valid)
    assert (found[0, :, [1, 3]] == 0).all()
    torch.testing.assert_close(found.sum(dim=2), torch.ones(1, 5))
    learnt = AtmLayer(WIDTH, "learned").edges(_nodes(5, 1), torch.tensor([[1, 0, 1, 0, 1]]))
    assert (learnt[0, :, [1, 3]] == 0).all()


@pytest.mark.parametrize("memory", ["learned", "all", "none"])
def test_rows_sum_to_one_whatever_is_forgotten(memory: str) -> None:
    graph, h = _graph(memory), _nodes(6)
    valid = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 0, 1, 1, 0, 1]])
    edges = chain(valid[:, :-1])
    for layer in graph.layers:
        h, edges = layer(h, edges, valid)
        torch.testing.assert_close(edges.sum(dim=2), torch.ones(2, 6))


def test_keeping_all_leaves_the_chain_and_keeping_nothing_leaves_what_is_learnt() -> None:
    h, valid = _nodes(6), torch.ones(2, 6)
    first = chain(valid[:, :-1])
    layer = _graph("all").layers[0]
    assert torch.equal(layer(h, first, valid)[1], first)
    layer = _graph("none").layers[0]
    torch.testing.assert_close(layer(h, first, valid)[1], layer.edges(h, valid))
    layer = _graph("learned").layers[0]
    assert layer.kept().item() == 0.5
    torch.testing.assert_close(layer(h, first, valid)[1], (first + layer.edges(h, valid)) / 2)


def test_a_layer_worked_out_by_hand() -> None:
    layer, h = _graph().layers[0], _nodes(4, 1)
    torch.nn.init.constant_(layer.forgetting, 1.0)
    torch.nn.init.normal_(layer.norm.weight)
    valid, first, keep = torch.ones(1, 4), chain(torch.ones(1, 3)), torch.rand(1, 4, WIDTH)
    found, edges = layer(h, first, valid, keep)
    query, key = h[0] @ layer.query.weight.T + layer.query.bias, h[0] @ layer.key.weight.T
    phi = torch.sigmoid(torch.tensor(1.0))
    for i in range(4):
        scores = torch.stack([query[i] @ key[j] / 8 + layer.type_bias[i // 3, j // 3] for j in range(4)])
        learnt = scores.exp() / scores.exp().sum()
        torch.testing.assert_close(edges[0, i], phi * first[0, i] + (1 - phi) * learnt)
        gathered = sum(edges[0, i, j] * h[0, j] for j in range(4))
        step = F.gelu(layer.mix.weight @ gathered + layer.mix.bias) * keep[0, i]
        expected = F.layer_norm(h[0, i] + step, (WIDTH,), layer.norm.weight, layer.norm.bias)
        torch.testing.assert_close(found[0, i], expected, atol=1e-5, rtol=1e-5)


def _seen_by(module: torch.nn.Module) -> list[tuple[Tensor, ...]]:
    """What the module is given, call by call, once it is called."""
    given: list[tuple[Tensor, ...]] = []
    module.register_forward_pre_hook(lambda _, arguments: given.append(arguments))
    return given


def test_the_global_node_begins_as_the_mean_of_the_local_ones_that_count() -> None:
    graph, local = _graph(), _nodes(4)
    given = _seen_by(graph.layers[0])
    graph(local, torch.tensor([[1, 1, 1, 1], [1, 0, 0, 1]]))
    h = given[0][0]
    assert torch.equal(h[:, :4], local)
    torch.testing.assert_close(h[0, 4], local[0].mean(dim=0))
    torch.testing.assert_close(h[1, 4], local[1, [0, 3]].mean(dim=0))


def test_every_layer_remembers_the_edges_of_the_one_before() -> None:
    graph, local, valid = _graph(layers=3), _nodes(5), torch.ones(2, 5)
    given: list[Tensor] = []
    made: list[Tensor] = []
    for layer in graph.layers:
        layer.register_forward_pre_hook(lambda _, arguments: given.append(arguments[1]))
        layer.register_forward_hook(lambda _, __, out: made.append(out[1]))
    graph(local, valid)
    assert torch.equal(given[0], chain(valid))
    for before, after in zip(made, given[1:], strict=False):
        assert torch.equal(before, after) and not torch.equal(after, given[0])


def test_the_global_node_and_the_weighted_local_ones_are_classified() -> None:
    """Self-attention over all nodes, then a softmax over the local ones that count, then one linear layer."""
    graph, local = _graph(), _nodes(4, 1)
    valid, keep = torch.tensor([[1, 1, 0, 1]]), torch.rand(1, 2 * WIDTH)
    given = _seen_by(graph.attention)
    logits = graph(local, valid, {"keep_last": keep})
    assert given[0][1].tolist() == [[1, 1, 0, 1, 1]]
    h = graph.attention(*given[0])[0]
    counted = h[[0, 1, 3]]
    share = (counted @ graph.pool.weight[0]).exp()
    pooled = (share[:, None] * counted).sum(dim=0) / share.sum()
    expected = graph.classifier(torch.cat([h[4], pooled]) * keep[0])
    torch.testing.assert_close(logits[0], expected, atol=1e-5, rtol=1e-5)


def test_types_of_nodes_have_their_own_bias() -> None:
    """Without keys and queries, a row of R is the softmax of the biases of its edges."""
    layer = AtmLayer(WIDTH, "none")
    for part in (layer.query, layer.key):
        torch.nn.init.zeros_(part.weight)
    torch.nn.init.zeros_(layer.query.bias)
    with torch.no_grad():
        layer.type_bias.copy_(torch.tensor([[0.0, 1.0], [2.0, 0.0]]))
    found = layer.edges(_nodes(3, 1), torch.ones(1, 3))[0]
    e = torch.e
    torch.testing.assert_close(found[0], torch.tensor([1, 1, e]) / (2 + e))
    torch.testing.assert_close(found[2], torch.tensor([e**2, e**2, 1]) / (2 * e**2 + 1))


def test_permuting_local_nodes_and_the_first_adjacency_changes_nothing() -> None:
    graph, local = _graph(), _nodes(5)
    valid = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 1, 1]])
    order = torch.tensor([3, 0, 4, 1, 2])
    with_global = torch.cat([order, torch.tensor([5])])
    first = chain(valid)
    permuted = first[:, with_global][:, :, with_global]
    found = graph(local[:, order], valid[:, order], adjacency=permuted)
    torch.testing.assert_close(found, graph(local, valid), atol=1e-5, rtol=1e-5)
    # The chain itself tells the order: without permuting it, the answer is another.
    assert not torch.allclose(graph(local[:, order], valid[:, order]), graph(local, valid), atol=1e-4)


@pytest.mark.parametrize("memory", ["learned", "all", "none"])
def test_nodes_appended_under_the_mask_do_not_change_the_logits(memory: str) -> None:
    graph, local = _graph(memory), _nodes(5)
    alone = graph(local, torch.ones(2, 5))
    padded = torch.cat([local, 100 * torch.randn(2, 3, WIDTH)], dim=1)
    valid = torch.cat([torch.ones(2, 5), torch.zeros(2, 3)], dim=1)
    torch.testing.assert_close(graph(padded, valid), alone, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(graph(padded, torch.ones(2, 8)), alone, atol=1e-3)


def test_equal_nodes_have_rows_that_depend_on_their_position_alone() -> None:
    layer = _graph().layers[0]
    same = torch.randn(1, 1, WIDTH).expand(1, 6, WIDTH)
    rows = layer.edges(same, torch.ones(1, 6))[0]
    torch.testing.assert_close(rows[:-1], rows[:1].expand(5, 6))
    coded = torch.cat([same[:, :-1] + positions(5, WIDTH, torch.device("cpu")), same[:, -1:]], dim=1)
    assert layer.edges(coded, torch.ones(1, 6))[0, :-1].std(dim=0).max() > 1e-4


def test_position_codes_are_sines_and_cosines_of_the_distance() -> None:
    code = positions(3, 4, torch.device("cpu"))
    distance = torch.tensor([1.0, 2.0, 3.0])
    wanted = torch.stack(
        [distance.sin(), distance.cos(), (distance / 100).sin(), (distance / 100).cos()], dim=1
    )
    torch.testing.assert_close(code, wanted)


def test_one_node_is_enough() -> None:
    assert _graph()(_nodes(4, 1), torch.tensor([[1, 0, 0, 0]])).isfinite().all()
