"""Which of a run's models is the best."""

import keras

from s2s_keras.corpora import read_pairs
from s2s_keras.evaluation import corpus_bleu
from s2s_keras.files import write_json
from s2s_keras.pipeline import Batches, to_dataset, tokenize_pairs
from s2s_keras.search import TextToText, Translator
from s2s_keras.training.epoch_average import EpochAverage

# Each epoch translates this many validation pairs at most, which takes seconds, not minutes.
VALIDATION_PAIRS = 1000


def validation_of(run, settings, state, trained, judged, tokenizer, average=None):
    """The `Validation` of a run.

    Args:
        run: the `Run`.
        settings: its `Settings`.
        state: the `TrainingState`.
        trained: the `EncoderDecoder` in training.
        judged: another with its layers, compiled.
        tokenizer: the run's `Tokenizer`.
        average: of how many epochs' weights; what the settings say unless given.
    """
    pairs = read_pairs(run.validation_file)
    tokens = tokenize_pairs(pairs, tokenizer).within(settings.max_length)
    batches = Batches(tokens, settings.batch_tokens)
    return Validation(
        run,
        state,
        trained,
        judged,
        text_to_text=TextToText(judged, tokenizer, settings.max_length),
        average=EpochAverage(run.epochs, average or settings.average),
        dataset=to_dataset(batches.in_order, len(batches)),
        pairs=pairs[:VALIDATION_PAIRS],
        monitor=settings.monitor,
        patience=settings.patience,
    )


class Validation(keras.callbacks.Callback):
    """Judges each epoch by the validation pairs, and keeps the best model.

    What it judges is a second model, in float32, with the average of the weights that the last
    epochs ended with: the model that the run keeps, if none before was better.

    Adds `val_loss`, `val_accuracy` and `val_bleu` to the epoch's logs, for the callbacks behind it,
    and the whole entry to the state's history. An epoch that the clock ended is judged too, but
    leaves nothing in the state: it is done again when the run goes on.

    Args:
        run: the `Run` that keeps the best model and the history.
        state: the `TrainingState`.
        trained: the `EncoderDecoder` in training.
        judged: another with its layers, compiled.
        text_to_text: a `TextToText` of `judged`.
        average: an `EpochAverage`.
        dataset: the validation pairs, tokenized.
        pairs: validation pairs of text.
        monitor: `bleu` or `loss`.
        patience: epochs without a better value after which the run is finished.
    """

    def __init__(
        self, run, state, trained, judged, text_to_text, average, dataset, pairs, monitor, patience
    ):
        super().__init__()
        self.run, self.state = run, state
        self.trained, self.judged = trained, judged
        self.text_to_text, self.translator = text_to_text, Translator.of(text_to_text)
        self.average, self.dataset = average, dataset
        self.sources, self.references = (list(side) for side in zip(*pairs, strict=True))
        self.monitor, self.patience = monitor, patience

    def on_epoch_end(self, epoch, logs=None):
        """Averages, evaluates, translates, compares, saves."""
        self.judged.set_weights(self.average.add(epoch, self.trained.get_weights()))
        losses = self.judged.evaluate(self.dataset, verbose=0, return_dict=True)
        logs.update({f"val_{name}": value for name, value in losses.items()})
        translations = self.translator.translate(self.sources)
        texts = [each.text for each in translations]
        logs["val_bleu"], _ = corpus_bleu(texts, self.references, language=self.run.settings.target)
        value = -logs["val_loss"] if self.monitor == "loss" else logs["val_bleu"]
        self._keep_the_best(epoch, value)
        entry = {"epoch": epoch + 1, "minutes": self.state.seconds / 60}
        history = [*self.state.history, entry | {name: float(each) for name, each in logs.items()}]
        if not self.state.interrupted:
            self.state.history = history
        write_json(self.run.history_file, history)

    def _keep_the_best(self, epoch, value):
        is_best = self.state.best is None or value > self.state.best
        if is_best:
            if self.state.interrupted and self.state.best is not None:
                self.run.set_aside_model()
            self.run.save_model(self.judged)
        if self.state.interrupted:
            return
        if is_best:
            self.state.best, self.state.best_epoch = value, epoch
        elif epoch - self.state.best_epoch >= self.patience:
            self.state.ended = f"no better val_{self.monitor} for {self.patience} epochs"
