"""What a model trains well with."""

from dataclasses import dataclass, fields

# Their formulas are in `s2s_keras.models.schedules`.
SCHEDULES = ("cosine", "linear", "inverse-square-root", "noam")

_KINDS = {
    str: "a name in quotes",
    int: "a whole number",
    float | int: "a number",
    float | int | None: "a number",
}


@dataclass(frozen=True)
class Recipe:
    """How a model is trained: part of a preset, as good values depend on the layers.

    Attributes:
        schedule: how the learning rate changes, one of `SCHEDULES`.
        learning_rate: its highest value, after the warm-up; 2e-3 unless given. The schedule `noam`
            takes none: there it follows from the model's width and the warm-up.
        warmup_steps: updates over which the learning rate rises from zero.
        label_smoothing: see `MaskedCrossentropy`.
        beta_2: Adam's decay of the second moment.
        clip_norm: the longest norm of an update's gradient.

    Raises:
        ValueError: for values that do not do, naming the first.
    """

    schedule: str = "cosine"
    learning_rate: float | int | None = None
    warmup_steps: int = 400
    label_smoothing: float | int = 0.1
    beta_2: float | int = 0.999
    clip_norm: float | int = 1.0

    def __post_init__(self):
        self._check_types()
        if self.schedule not in SCHEDULES:
            raise ValueError(
                f"unknown schedule {self.schedule!r}: choose one of {', '.join(SCHEDULES)}"
            )
        self._check_learning_rate()
        if self.warmup_steps < 1:
            raise ValueError(f"warmup_steps is {self.warmup_steps}: it must be 1 or more")
        for name in ("label_smoothing", "beta_2"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(
                    f"{name} is {getattr(self, name)}: it must be 0 or more, and below 1"
                )
        if not self.clip_norm > 0:
            raise ValueError(f"clip_norm is {self.clip_norm}: it must be above 0")

    def _check_types(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, field.type) or isinstance(value, bool):
                raise ValueError(f"{field.name} is {value!r}: it must be {_KINDS[field.type]}")

    def _check_learning_rate(self):
        if self.schedule == "noam":
            if self.learning_rate is not None:
                raise ValueError(
                    "learning_rate contradicts the schedule noam, whose learning rate follows "
                    "from the width and warmup_steps: leave it out"
                )
        elif self.learning_rate is None:
            object.__setattr__(self, "learning_rate", 2e-3)
        elif not 0 < self.learning_rate < float("inf"):
            raise ValueError(f"learning_rate is {self.learning_rate}: it must be above 0")
