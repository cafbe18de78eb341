"""The graph of ATM-GCN: adjacency, forgetting, masks, and what the order of the nodes means."""

from __future__ import annotations

import pytest
import torch

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
