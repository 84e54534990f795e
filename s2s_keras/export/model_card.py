"""The README of an exported folder."""

import json

from s2s_keras.corpora.licences import data_licence, data_source
from s2s_keras.evaluation.score_notes import score_notes
from s2s_keras.training.validation import VALIDATION_PAIRS


def model_card(results, server_notes, measurements=""):
    """A model card in Markdown.

    Args:
        results: what `results.json` holds.
        server_notes: what a server must have to run the SavedModel, in Markdown.
        measurements: a section on what else was measured, in Markdown.
    """
    best, settings = results["validation"], results["settings"]
    evaluation = score_notes(results["evaluation"])
    sections = "".join(f"\n{each}" for each in (evaluation, measurements) if each)
    return f"""# {results["source"]} to {results["target"]}, {results["model"]}

An encoder-decoder model of `s2s_keras` that translates {results["source"]} text to
{results["target"]} text.

| what | value |
| --- | --- |
| trained on | {results["pairs"]:,} pairs of `{results["corpus"]}`{_further(settings)} |
| licence of that data | {data_licence(results["corpus"])} |
| source of that data | {data_source(results["corpus"])} |
| weights | {results["weights"]:,} |
| subwords | {results["vocabulary_size"]:,} (SentencePiece, joint, byte fallback) |
| seed | {results["seed"]} |
| trained for | {results["epochs"]} epochs, {results["minutes"]} minutes by the clock, on \
{results["hardware"]} |
| best epoch | {best["epoch"]} |
| validation BLEU (greedy, sacreBLEU, cased, of {VALIDATION_PAIRS:,} pairs at most) | \
{best["bleu"]:.2f} |
| validation loss (nats a token, with smoothed labels, the mean over batches) | {best["loss"]:.3f} |
| longest source and target | {results["max_length"]} tokens, end token included |
| size of the SavedModel | {results["saved_model_bytes"] / 1e6:.1f} MB |
| sizes of the `.tflite` files that `export` writes | {_sizes(results["litert_bytes"])} |
| author | {results["author"]} |
| license | {results["license"]} |

## Files

- `{results["version"]}/`: SavedModel for TensorFlow Serving, version {results["version"]}.
- `litert/`: the model for LiteRT; `s2s-keras export` writes it in all three precisions.
- `compose.yaml`, `models.config`, `batching_parameters.txt`: for TensorFlow Serving; `docker \
compose up` starts it.
- `tokenizer.model`: the SentencePiece model. Ids: 0 padding, 1 unknown, 2 begin, 3 end.
- `tokenizer_vectors.json`: validation sentences, their ids, and the texts decoded from these, \
which a tokenizer outside Python must reproduce.
- `results.json`: the figures above.{_translations(results["evaluation"])}

## Signatures of the SavedModel

| signature | takes | gives |
| --- | --- | --- |
| `serving_default` | `text` string `[batch]` | `text` string `[batch]`, `score` float32 `[batch]` |
| `beam` | `text` string `[batch]` | the same, found by a beam of {results["beam_size"]} |
| `serving_fast`, `beam_fast` | `text` string `[batch]` | the same as the two above, compiled by \
XLA: for programs that allow it; a new shape takes seconds at its first use |
| `attention` | `text` string `[batch]` | the same, `source_tokens` string `[batch, source]`, \
`output_tokens` string `[batch, target]`, `weights` float32 `[batch, target, source]` |
| `tokens` | `source` int32 `[batch, source]`, end id last, 0 = padding | `tokens` int32 \
`[batch, target]`, `score` float32 `[batch]` |

`score` is the natural logarithm of the probability of the returned tokens, end token included,
before any length penalty. `weights` say where the model looked for each token; those of a
Transformer are the last decoder layer's, averaged over its heads. `serving_default` searches
greedily. An empty text has an empty translation.

```python
import tensorflow as tf
import tensorflow_text

model = tf.saved_model.load("{results["version"]}")
print(model.signatures["serving_default"](text=tf.constant(["..."]))["text"])
```

{server_notes}
## Signatures of the `.tflite` files

| signature | takes | gives |
| --- | --- | --- |
| `greedy`, `beam` | `source` int32 `[batch, source]`, end id last, 0 = padding | `tokens` int32 \
`[batch, target]`, 0 after the end id, `score` float32 `[batch]` |
| `encode` | `source` | the decoder's state: the tensors below |
| `decode_step` | `token` int32 `[batch]` (the begin id, then the token chosen last) and the state \
| `logits` float32 `[batch, vocabulary]`, `weights` float32 `[batch, source]`, the state |

To make `source` of a text, strip white space at both its ends, tokenize it with \
`tokenizer.model`, keep at most {results["max_length"] - 1} ids and append id 3. `tokens` of the \
SavedModel takes the same.

`beam` is {results["beam_size"]} wide. LiteRT's own operators suffice. `source` may be resized, to \
any batch and at most {results["max_length"]} tokens; unless it is, it is \
[1, {results["litert_source_width"]}]. A target has at most twice as many tokens as its source and \
8 more, and a source with no token but its end has an empty one. Ids 0, 1 and 2 are never chosen. \
Each file ends with a ZIP archive that holds `tokenizer.model` and `s2s_keras.json`.

The decoder's state, for one source of {results["litert_source_width"]} tokens:

| tensor | type and shape |
| --- | --- |
{_state(results["litert_state"])}

Run a search once before you resize its input, at the shape that the file gives it: LiteRT 2.3 may \
otherwise answer wrongly at first.

## Recipe

Every setting of the training; `layers` are the model's.

```json
{json.dumps({**settings, "layers": results["layers"]}, indent=2)}
```
{sections}"""


def _further(settings):
    further = ""
    if back_translator := settings.get("back_translator"):
        further += f", its targets once more behind back-translations by `{back_translator}`"
    if forward_translator := settings.get("forward_translator"):
        further += f", its sources once more before translations by `{forward_translator}`"
    return further and f": the corpus's{further}"


def _translations(evaluation):
    if not evaluation.get("splits"):
        return ""
    beam = evaluation["beam_size"]
    return f"\n- `translations/`: what the model made of each test set, with a beam of {beam}."


def _state(tensors):
    return "\n".join(f"| `{name}` | {what} |" for name, what in tensors.items())


def _sizes(sizes):
    return ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in sizes.items())
