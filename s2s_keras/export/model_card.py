"""The README of an exported folder."""


def model_card(results):
    """A model card in Markdown.

    Args:
        results: what `results.json` holds.
    """
    best = results["validation"]
    return f"""# {results["source"]} to {results["target"]}, {results["model"]}

An encoder-decoder model of `s2s_keras` that translates {results["source"]} text to
{results["target"]} text.

| what | value |
| --- | --- |
| trained on | {results["pairs"]:,} pairs of `{results["corpus"]}` |
| weights | {results["weights"]:,} |
| subwords | {results["vocabulary_size"]:,} (SentencePiece, joint, byte fallback) |
| seed | {results["seed"]} |
| trained for | {results["epochs"]} epochs, {results["minutes"]} minutes on {results["hardware"]} |
| best epoch | {best["epoch"]} |
| validation BLEU (greedy, sacreBLEU, cased) | {best["bleu"]:.2f} |
| validation loss (nats a token) | {best["loss"]:.3f} |
| longest source and target | {results["max_length"]} tokens, end token included |
| size of the SavedModel | {results["saved_model_bytes"] / 1e6:.1f} MB |

## Files

- `{results["version"]}/`: SavedModel for TensorFlow Serving, version {results["version"]}.
- `tokenizer.model`: the SentencePiece model. Ids: 0 padding, 1 unknown, 2 begin, 3 end.
- `results.json`: the figures above.

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

`score` is the natural logarithm of the probability of the returned tokens, end token included.
`serving_default` searches greedily. An empty text has an empty translation.

```python
import tensorflow as tf
import tensorflow_text

model = tf.saved_model.load("{results["version"]}")
print(model.signatures["serving_default"](text=tf.constant(["..."]))["text"])
```
"""
