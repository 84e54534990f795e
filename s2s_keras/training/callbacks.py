"""What happens while `fit` runs."""

import io
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from s2s_keras.evaluation import attention_figure
from s2s_keras.training.state import save_checkpoint

# A killed run loses at most this much work, and the time of a validation.
SECONDS_BETWEEN_CHECKPOINTS = 30


class Resumable(keras.callbacks.Callback):
    """Keeps a `TrainingState` up to date and saves it, within epochs too.

    Must come last, so that what is saved of an epoch holds what the other callbacks did at its end.

    Args:
        path: where the checkpoint goes.
        state: the `TrainingState`.
        last_step: the batch, counted over all epochs, after which training ends.
        steps_per_epoch: batches in a whole epoch.
        max_seconds: training ends when the state's `seconds` reach this; None for no limit.
    """

    def __init__(self, path, state, last_step, steps_per_epoch, max_seconds=None):
        super().__init__()
        self.path, self.state = path, state
        self.last_step, self.steps_per_epoch = last_step, steps_per_epoch
        self.max_seconds = max_seconds
        self.clock = self.saved = time.monotonic()
        self.running_metrics = None

    def on_epoch_begin(self, epoch, logs=None):
        """Puts back the running metrics of an epoch that goes on: `fit` has just reset them."""
        if self.running_metrics is not None:
            for variable, value in zip(
                self.model.metrics_variables, self.running_metrics, strict=True
            ):
                variable.assign(value)
            self.running_metrics = None

    def keep_running_metrics(self, model):
        """Remembers the metrics of `model` as they are now, for the epoch that goes on."""
        self.running_metrics = [np.asarray(each) for each in model.metrics_variables]

    def on_train_batch_end(self, batch, logs=None):
        """Counts the batch, stops at a limit, saves from time to time."""
        self.state.step += 1
        self._count_time()
        steps = self.state.epoch * self.steps_per_epoch + self.state.step
        if steps >= self.last_step or self._out_of_time():
            self.model.stop_training = True
            unfinished = self.state.step < self.steps_per_epoch
            self.state.interrupted = unfinished and steps < self.last_step
        elif self.state.step < self.steps_per_epoch and self._is_due():
            self.save()

    def on_epoch_end(self, epoch, logs=None):
        """Moves on to the next epoch, and saves."""
        self._count_time()
        steps = self.state.epoch * self.steps_per_epoch + self.state.step
        if not self.state.ended and steps >= self.last_step:
            self.state.ended = "all updates are done"
        if self.state.step >= self.steps_per_epoch:
            self.state.epoch, self.state.step = epoch + 1, 0
        self.model.stop_training = bool(self.state.ended) or self._out_of_time()
        self.save()

    def save(self):
        """Saves now."""
        save_checkpoint(self.path, self.state, self.model)
        self.saved = time.monotonic()

    def _is_due(self):
        return time.monotonic() - self.saved > SECONDS_BETWEEN_CHECKPOINTS

    def _out_of_time(self):
        return self.max_seconds is not None and self.state.seconds >= self.max_seconds

    def _count_time(self):
        now = time.monotonic()
        self.state.seconds += now - self.clock
        self.clock = now


class AttentionPicture(keras.callbacks.Callback):
    """Writes the attention over one fixed text to TensorBoard, each epoch.

    Args:
        folder: TensorBoard's log folder.
        text_to_text: a `TextToText` of the model that validation judges.
        text: the source.
    """

    def __init__(self, folder, text_to_text, text):
        super().__init__()
        self.attend = tf.function(text_to_text.attend, autograph=False)
        self.text = tf.constant([text])
        self.writer = tf.summary.create_file_writer(str(folder))

    def on_epoch_end(self, epoch, logs=None):
        """Draws and writes."""
        answer = {name: value[0].numpy() for name, value in self.attend(self.text).items()}
        figure = attention_figure(
            answer["weights"], answer["source_tokens"], answer["output_tokens"]
        )
        png = io.BytesIO()
        figure.savefig(png, format="png")
        with self.writer.as_default():
            image = tf.io.decode_png(png.getvalue(), channels=3)
            tf.summary.image("attention", image[tf.newaxis], step=epoch)
        self.writer.flush()


class Progress(keras.callbacks.Callback):
    """A progress bar an epoch and a line at its end, on standard error.

    Args:
        batches: the training `Batches`, for the number of real target tokens in each.
        state: the `TrainingState`.
        epochs: how many there will be.
    """

    def __init__(self, batches, state, epochs):
        super().__init__()
        self.batches, self.state, self.epochs = batches, state, epochs

    def on_epoch_begin(self, epoch, logs=None):
        """Opens the bar at the epoch's position."""
        lengths = self.batches.target_lengths
        self.tokens = [int(lengths[indices].sum()) for indices in self.batches.plan(epoch)]
        self.seen, self.start = 0, time.monotonic()
        self.bar = tqdm(
            desc=f"epoch {epoch + 1}/{self.epochs}",
            total=len(self.tokens),
            initial=self.state.step,
            unit="batch",
            leave=False,
            mininterval=0.5 if sys.stderr.isatty() else 20,
        )

    def on_train_batch_end(self, batch, logs=None):
        """Moves the bar on."""
        self.seen += self.tokens[self.bar.n]
        self.rate = self.seen / (time.monotonic() - self.start)
        self.bar.set_postfix_str(
            f"loss {logs['loss']:.3f}, accuracy {logs['accuracy']:.3f}, {self.rate:,.0f} tokens/s",
            refresh=False,
        )
        self.bar.update()

    def on_epoch_end(self, epoch, logs=None):
        """Closes the bar and writes the epoch's line."""
        self.bar.close()
        best = " (best so far)" if self.state.best_epoch == epoch else ""
        print(
            f"epoch {epoch + 1}/{self.epochs}: loss {logs['loss']:.3f}, validation loss "
            f"{logs['val_loss']:.3f}, validation BLEU {logs['val_bleu']:.2f}{best}, "
            f"{self.rate:,.0f} tokens/s, {self.state.seconds / 60:.1f} minutes",
            file=sys.stderr,
            flush=True,
        )
