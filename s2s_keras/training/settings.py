"""Everything that decides what a training gives."""

from dataclasses import asdict, dataclass, fields

from s2s_keras.errors import InputError

MONITORS = ("bleu", "loss")


@dataclass(frozen=True)
class Settings:
    """The settings of a training run.

    Attributes:
        corpus: a corpus's name, or the path of a TAB-separated file, source first.
        source: the source language, ISO 639-1.
        target: the target language.
        model: a preset.
        validation: a TAB-separated validation file, for a corpus that is a file.
        vocab_size: number of subword ids asked for.
        epochs: passes over the training pairs, over which the learning rate comes down to zero.
        max_steps: the most updates, if fewer than `epochs` make; the learning rate then comes down
            within them.
        batch_tokens: padded target tokens an update, at most.
        seed: of the weights, of dropout, of the order of the batches and of a held-out part.
        monitor: what early stopping watches on the validation pairs, `bleu` or `loss`.
        patience: epochs without a better value after which training ends.
        max_length: the most tokens of a source and of a target, end token included. Longer training
            pairs are left out, longer sources to translate are cut.
        learning_rate: its highest value, after the warm-up.
        warmup_steps: updates over which the learning rate rises, at most a tenth of all.
        label_smoothing: see `MaskedCrossentropy`.
        clip_norm: the gradient's longest norm.
    """

    corpus: str
    source: str
    target: str
    model: str
    validation: str | None = None
    vocab_size: int = 8000
    epochs: int = 20
    max_steps: int | None = None
    batch_tokens: int = 2048
    seed: int = 0
    monitor: str = "bleu"
    patience: int = 5
    max_length: int = 256
    learning_rate: float = 2e-3
    warmup_steps: int = 400
    label_smoothing: float = 0.1
    clip_norm: float = 1.0

    def __post_init__(self):
        for name in ("vocab_size", "epochs", "max_steps", "batch_tokens", "patience"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name} is {value}: it must be 1 or more")
        if not 0 <= self.seed < 2**32:
            raise InputError(f"seed is {self.seed}: it must be 0 or more, and below 2**32")
        if self.monitor not in MONITORS:
            raise InputError(f"unknown monitor {self.monitor!r}: choose {' or '.join(MONITORS)}")

    def differences(self, other):
        """The settings in which two runs differ, each as `name: this one's, not the other's`."""
        mine, theirs = asdict(self), asdict(other)
        return [
            f"{each.name} {mine[each.name]}, not {theirs[each.name]}"
            for each in fields(self)
            if mine[each.name] != theirs[each.name]
        ]
