"""What a user can set on a recogniser: frozen pydantic models whose unknown keys are refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mien.errors import UsageError, unknown

Optimiser = Literal["adam", "adamw", "sgd", "nesterov"]
Schedule = Literal["constant", "cosine", "step", "exponential"]


class Options(BaseModel):
    """Options of a recogniser; subclasses add fields with a default, a range and a description."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def parse(cls, given: Mapping[str, object], *, model: str) -> Self:
        """The options with `given` values set (text is converted).

        Raises:
            UsageError: an unknown key (the nearest known one is named) or a value out of range.
        """
        known = list(cls.model_fields)
        for key in given:
            if key not in known:
                raise unknown(f"'{model}' has no option '{key}'", key, known)
        try:
            return cls.model_validate(dict(given))
        except ValidationError as error:
            found = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise UsageError(
                f"an option of '{model}' has a value that cannot be used",
                found=found,
                do=f"mien models {model} lists the options and their ranges",
            ) from error


class Plan(Options):
    """How a network is trained. The last epoch is the one that counts: no clip ever chooses an epoch."""

    epochs: int = Field(100, ge=1, description="passes over the training clips; the last one is used")
    batch_size: int = Field(128, ge=2, description="clips per step")
    learning_rate: float = Field(1e-3, gt=0, description="peak learning rate")
    optimiser: Optimiser = Field(
        "adam", description="adam, adamw, or sgd with momentum 0.9, plain or Nesterov's"
    )
    beta2: float = Field(0.999, gt=0, lt=1, description="how long Adam remembers squared gradients")
    weight_decay: float = Field(
        0.0, ge=0, description="L2 penalty (adam, sgd, nesterov) or decoupled decay (adamw)"
    )
    schedule: Schedule = Field(
        "constant",
        description="learning rate over the epochs; step: a tenth of it in the last quarter; exponential: times 0.987 "
        "each, over the first 50",
    )
    warmup_epochs: int = Field(0, ge=0, description="epochs of linear warm-up")
    clip_norm: float = Field(0.0, ge=0, description="largest gradient norm of a step; 0 = no limit")
    balance: float = Field(
        0.0,
        ge=0,
        le=1,
        description="class weights in the loss: clips per class to the power of minus this, mean 1",
    )
    members: int = Field(
        1, ge=1, le=64, description="networks trained from different starts, probabilities averaged"
    )
