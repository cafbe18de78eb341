"""Many folds at once: their networks as one batched module, equal to the plain loop fold by fold.

Parameters, buffers and batches of all folds get a leading axis and `torch.func.vmap` runs them as one. Each
fold keeps its own order of clips and its own random numbers (its own generator), so it is trained as it would
be alone. Folds of unequal size are padded inside the batch with clips whose validity is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap

from mien.models.base import Batch
from mien.models.images import Images, picked, stack
from mien.training.loop import Curve, make_optimiser, parameter_groups, set_learning_rate
from mien.training.material import Material

State = dict[str, Tensor]
StackObserver = Callable[[int, Sequence[nn.Module]], None]


def train_stacked(materials: Sequence[Material], observer: StackObserver | None = None) -> list[Curve]:
    """Train the modules of all `materials` in place, together; their training curves.

    All must come from the same network and need the same number of steps per epoch (`stack_groups`).
    """
    first = materials[0]
    plan, template = first.plan, first.module
    for material in materials:
        material.module.train()
    parameters, buffers = stack_module_state([m.module for m in materials])
    learned = {name for name, p in template.named_parameters() if p.requires_grad}
    # What is not learned (a fixed temperature) travels with the buffers: no gradient, no optimiser.
    buffers |= {name: p.detach() for name, p in parameters.items() if name not in learned}
    parameters = {name: parameters[name].detach().requires_grad_() for name in parameters if name in learned}
    fixed = _pad_fixed([m.targets.fixed for m in materials])
    optimiser = make_optimiser(parameter_groups(parameters.items(), first.network), plan)

    def loss(
        p: State, b: State, inputs: Images, targets: State, f: State, noise: State, valid: Tensor
    ) -> object:
        b = {name: value.clone() for name, value in b.items()}
        outputs = functional_call(template, (p, b), (inputs,), {"noise": noise, "valid": valid})
        terms = first.network.loss(outputs, Batch(inputs, targets, f, valid))
        return sum(terms.values()), (terms, b)

    gradient = vmap(grad(loss, has_aux=True))
    curves: list[Curve] = [[] for _ in materials]
    for epoch in range(plan.epochs):
        set_learning_rate(optimiser, plan, epoch)
        sums: dict[str, Tensor] = {}
        for step in zip(*(m.epoch() for m in materials), strict=True):
            inputs, targets, noise, valid = _pad_step(materials, step)
            gradients, (terms, buffers) = gradient(parameters, buffers, inputs, targets, fixed, noise, valid)
            if plan.clip_norm > 0:
                gradients = _clip(gradients, plan.clip_norm)
            for name, parameter in parameters.items():
                parameter.grad = gradients[name].contiguous()
            optimiser.step()
            for name, term in terms.items():
                sums[name] = sums.get(name, 0.0) + term.detach() * valid.sum(dim=1)
        rows = {name: value.tolist() for name, value in sums.items()}
        for i, material in enumerate(materials):
            means = {name: values[i] / material.n_clips for name, values in rows.items()}
            curves[i].append({"loss": sum(means.values()), **means})
        if observer is not None:
            _unstack(materials, parameters, buffers)
            observer(epoch, [m.module.eval() for m in materials])
            template.train()
    _unstack(materials, parameters, buffers)
    for material in materials:
        material.module.eval()
    return curves


def _pad_step(
    materials: Sequence[Material], step: Sequence[Tensor]
) -> tuple[Images, dict[str, Tensor], dict[str, Tensor], Tensor]:
    """One step of all folds: inputs (F, B, ...), targets, random numbers and validity (F, B)."""
    longest = max(len(chosen) for chosen in step)
    inputs, targets, noise, valid = [], [], [], []
    for material, chosen in zip(materials, step, strict=True):
        drawn = material.draw(len(chosen))
        missing = longest - len(chosen)
        # A fold is padded with its own first clip: nothing of another fold ever enters its batch.
        padded = torch.cat([chosen, chosen[:1].expand(missing)])
        inputs.append(picked(material.inputs, padded))
        targets.append({name: t[padded] for name, t in material.targets.per_clip.items()})
        noise.append({name: torch.cat([n, n[:1].expand(missing, *n.shape[1:])]) for name, n in drawn.items()})
        valid.append(torch.arange(longest, device=chosen.device) < len(chosen))
    return stack(inputs), _stack(targets), _stack(noise), torch.stack(valid).float()


def _stack(rows: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack([row[name] for row in rows]) for name in rows[0]}


def _pad_fixed(rows: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Tensors of the folds stacked, padded with zeros along every axis to the longest."""
    padded = {}
    for name in rows[0]:
        tensors = [row[name] for row in rows]
        longest = [max(sizes) for sizes in zip(*(t.shape for t in tensors), strict=True)]
        whole = tensors[0].new_zeros(len(tensors), *longest)
        for i, tensor in enumerate(tensors):
            whole[i][tuple(slice(n) for n in tensor.shape)] = tensor
        padded[name] = whole
    return padded


def _clip(gradients: State, largest: float) -> State:
    """Gradients scaled down, per fold, to the largest allowed norm."""
    squares = sum(g.reshape(len(g), -1).square().sum(dim=1) for g in gradients.values())
    scale = (largest / (torch.as_tensor(squares).sqrt() + 1e-6)).clamp_max(1.0)
    return {name: g * scale.view(-1, *[1] * (g.dim() - 1)) for name, g in gradients.items()}


def _unstack(materials: Sequence[Material], parameters: State, buffers: State) -> None:
    """Write the stacked state back into the modules of the folds."""
    with torch.no_grad():
        for i, material in enumerate(materials):
            state = {name: value[i] for name, value in (parameters | buffers).items()}
            material.module.load_state_dict(state)
