"""PyTorch's `nn.Transformer`, in the way that makes it fastest here.

- Pre-norm layers, sinusoidal positions, one table for source, target and softmax; dropout 0.1.
- Batches by length, the same as this project's.
- The logits of real target tokens alone: padding is taken out before the product with the table.
- Cross-entropy with label smoothing, Adam with a warm-up and clipping, in this project's settings,
  and PyTorch's own number of threads.

Nothing is as somebody else wrote it but the layers: PyTorch has no tutorial of these sizes.
"""

import time

import torch
from torch import nn

from benchmarks.token_file import read_token_file
from benchmarks.training_setup import RECIPE, bucketed


class TorchModel(nn.Module):
    """`(source, target)` ids to the logits `(tokens, vocabulary)` of the real target tokens."""

    def __init__(self, vocabulary_size, units, layers, heads, feed_forward_units, dropout=0.1):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, units)
        nn.init.normal_(self.embedding.weight, std=units**-0.5)
        self.dropout = nn.Dropout(dropout)
        self.transformer = nn.Transformer(
            units,
            heads,
            num_encoder_layers=layers,
            num_decoder_layers=layers,
            dim_feedforward=feed_forward_units,
            dropout=dropout,
            batch_first=True,
            norm_first=True,
        )

    def forward(self, source, target, real):
        """`real` `(batch, target)` says whose logits are wanted."""
        padding = source == 0
        length = target.shape[1]
        causal = nn.Transformer.generate_square_subsequent_mask(length, dtype=torch.bool)
        hidden = self.transformer(
            self._embed(source),
            self._embed(target),
            tgt_mask=causal,
            tgt_is_causal=True,
            src_key_padding_mask=padding,
            memory_key_padding_mask=padding,
        )
        return hidden[real] @ self.embedding.weight.T

    def _embed(self, ids):
        units = self.embedding.embedding_dim
        embedded = self.embedding(ids) * units**0.5
        return self.dropout(embedded + _positions(ids.shape[1], units))


def _positions(length, units):
    frequencies = 10000.0 ** (-torch.arange(0, units, 2) / units)
    angles = torch.arange(length)[:, None] * frequencies
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


class Peer:
    """See the module.

    Args:
        tokens: path of a token file.
        vocabulary_size: number of ids.
        sentences: pairs a batch, in the mean.
        warmup: updates before the first measurement.
        sizes: further arguments of `TorchModel`.
    """

    def __init__(self, tokens, vocabulary_size, sentences, warmup, **sizes):
        torch.manual_seed(0)
        self.pairs, self.sentences = read_token_file(tokens), sentences
        self.model = TorchModel(vocabulary_size, **sizes)
        self.about = {
            "parameters": sum(each.numel() for each in self.model.parameters()),
            "threads": torch.get_num_threads(),
        }
        self.loss = nn.CrossEntropyLoss(label_smoothing=RECIPE.label_smoothing)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=RECIPE.learning_rate)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: min(1.0, (step + 1) / RECIPE.warmup_steps)
        )
        self._train(seed=0, steps=warmup)

    def measure(self, number, steps):
        """Times `steps` updates; see `timed_fit`."""
        return self._train(seed=number + 1, steps=steps)

    def _train(self, seed, steps):
        batches = bucketed(self.pairs, self.sentences, seed).stream()
        self._update(*next(batches))  # before the clock starts, as with the other peers
        tokens = positions = 0
        start = time.perf_counter(), time.process_time()
        for _, (inputs, labels) in zip(range(steps), batches, strict=False):
            self._update(inputs, labels)
            tokens += int((labels != 0).sum())
            positions += labels.size
        return {
            "seconds": time.perf_counter() - start[0],
            "processor_seconds": time.process_time() - start[1],
            "tokens": tokens,
            "positions": positions,
        }

    def _update(self, inputs, labels):
        labels = torch.from_numpy(labels).long()
        source, target = (torch.from_numpy(inputs[name]) for name in ("source", "target"))
        real = labels != 0
        self.optimizer.zero_grad()
        loss = self.loss(self.model(source, target, real), labels[real])
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), RECIPE.clip_norm)
        self.optimizer.step()
        self.schedule.step()
        loss.item()
