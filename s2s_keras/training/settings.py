"""Everything that decides what a training gives."""

from dataclasses import asdict, dataclass, fields

from s2s_keras.errors import InputError
from s2s_keras.models import PRECISIONS, Recipe

MONITORS = ("bleu", "loss")
_COUNTS = (
    "vocab_size",
    "epochs",
    "max_steps",
    "batch_tokens",
    "patience",
    "max_length",
    "average",
    "accumulate",
)


@dataclass(frozen=True)
class Settings:
    """The settings of a training run.

    Attributes:
        corpus: a corpus's name, or the path of a TAB-separated file, source first.
        source: the source language, ISO 639-1.
        target: the target language.
        model: a preset, or a TOML or JSON file with a combination of layers.
        validation: a TAB-separated validation file, for a corpus that is a file.
        back_translator: a run or an exported folder that translates from `target` to `source`: with
            it, training has each target once more; see `back_translate`.
        forward_translator: one that translates from `source` to `target`: with it, training has
            each source once more; see `forward_translate`.
        vocab_size: number of subword ids asked for.
        epochs: passes over the training pairs, over which the learning rate comes down to zero if
            the schedule has it so.
        max_steps: the most updates, if fewer than `epochs` make; the learning rate then comes down
            within them.
        batch_tokens: padded target tokens a batch, at most.
        seed: of the weights, of dropout, of the order of the batches and of a held-out part.
        monitor: what early stopping watches on the validation pairs, `bleu` or `loss`.
        patience: epochs without a better value after which training ends.
        max_length: the most tokens of a source and of a target, end token included. Longer training
            pairs are left out, longer sources to translate are cut.
        schedule: of the learning rate; this and the next three are as the model's `Recipe` has them
            unless given.
        learning_rate: its highest value, after the warm-up.
        warmup_steps: updates over which the learning rate rises.
        label_smoothing: see `MaskedCrossentropy`.
        average: validation judges, and the run keeps, the average of the weights that the last so
            many epochs ended with (Vaswani et al. 2017, section 6.1).
        accumulate: batches an update. The update's gradient is the mean of its batches' gradients,
            each a mean over its batch's real tokens; so it equals that of one large batch only
            where they have as many real tokens each.
        scheduled_sampling: the share of the target's tokens that are the model's own at the end of
            training; see `ScheduledSampling`.
        bpe_dropout: the probability of leaving out a merge of two subwords in the training pairs,
            anew in each epoch; see `BPEDropout`.
        r_drop: the weight of the divergence between two passes with other dropout, 0 for a single
            pass; see `RDropCrossentropy`. A batch of `batch_tokens` is then read twice.
        precision: `float32`, `bfloat16` or `float16`; see `build_model`.
    """

    corpus: str
    source: str
    target: str
    model: str
    validation: str | None = None
    back_translator: str | None = None
    forward_translator: str | None = None
    vocab_size: int = 8000
    epochs: int = 20
    max_steps: int | None = None
    batch_tokens: int = 2048
    seed: int = 0
    monitor: str = "bleu"
    patience: int = 5
    max_length: int = 256
    schedule: str | None = None
    learning_rate: float | None = None
    warmup_steps: int | None = None
    label_smoothing: float | None = None
    average: int = 1
    accumulate: int = 1
    scheduled_sampling: float = 0.0
    bpe_dropout: float = 0.0
    r_drop: float = 0.0
    precision: str = "float32"

    def __post_init__(self):
        for name in _COUNTS:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name} is {value}: it must be 1 or more")
        if not 0 <= self.seed < 2**32:
            raise InputError(f"seed is {self.seed}: it must be 0 or more, and below 2**32")
        if not 0 <= self.scheduled_sampling <= 1:
            raise InputError(
                f"scheduled_sampling is {self.scheduled_sampling}: it must be between 0 and 1"
            )
        if not 0 <= self.bpe_dropout < 1:
            raise InputError(
                f"bpe_dropout is {self.bpe_dropout}: it must be 0 or more, and below 1"
            )
        if not 0 <= self.r_drop < float("inf"):
            raise InputError(f"r_drop is {self.r_drop}: it must be 0 or more")
        if self.r_drop and self.scheduled_sampling:
            raise InputError(
                "r_drop compares two passes over the same tokens, and scheduled_sampling has each "
                "read other ones: choose one of them"
            )
        for name, choices in (("monitor", MONITORS), ("precision", PRECISIONS)):
            if getattr(self, name) not in choices:
                raise InputError(
                    f"unknown {name} {getattr(self, name)!r}: choose {' or '.join(choices)}"
                )

    def recipe(self, combination):
        """The `Recipe` of a combination, with what these settings change in it.

        Raises:
            InputError: for values that do not do.
        """
        names = ("schedule", "learning_rate", "warmup_steps", "label_smoothing")
        changes = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        values = dict(combination["training"])
        if self.schedule == "noam":
            values["learning_rate"] = None  # the model's is for another schedule
        try:
            return Recipe(**{**values, **changes})
        except ValueError as error:
            raise InputError(f"{self.model}: {error}") from error

    def differences(self, other):
        """The settings in which two runs differ, each as `name: this one's, not the other's`."""
        mine, theirs = asdict(self), asdict(other)
        return [
            f"{each.name} {mine[each.name]}, not {theirs[each.name]}"
            for each in fields(self)
            if mine[each.name] != theirs[each.name]
        ]
