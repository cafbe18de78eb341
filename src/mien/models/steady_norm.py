"""Batch normalisation of clips that holds steady in small batches."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SMALLEST_BATCH = 8


class SteadyBatchNorm3d(nn.BatchNorm3d):
    """`nn.BatchNorm3d` with the same state, except for training batches of fewer than 8 clips.

    Such a batch (the last of an epoch, a part of a step) is normalised by the running statistics instead of its
    own, which would be of a few clips; the running statistics go on learning from it. In evaluation nothing
    differs. One clip never changes what another is given at test.
    """

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or len(x) >= SMALLEST_BATCH:
            return super().forward(x)
        assert self.running_mean is not None and self.running_var is not None and self.momentum is not None
        with torch.no_grad():
            count = x.numel() / x.shape[1]
            if count > 1:
                var, mean = torch.var_mean(x.float(), dim=(0, 2, 3, 4))
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var, self.momentum)
        mean, var = self.running_mean.clone(), self.running_var.clone()
        return F.batch_norm(x, mean, var, self.weight, self.bias, False, 0.0, self.eps)
