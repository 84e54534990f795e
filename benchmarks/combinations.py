"""Models of one width for comparisons of encoders and attentions, as `s2s-keras train` reads them.

See `s2s_keras.models.combination` for what a combination is.
"""


def encoders(width):
    """A table for each encoder; the annotations of all have `width` units."""
    return {
        "recurrent": {"type": "recurrent", "units": width // 2},
        "convolutional": {"type": "convolutional", "units": width},
        "hierarchical": {"type": "hierarchical", "units": width // 2},
        "transformer": {"type": "transformer", **_stack(width)},
    }


def attentions(width):
    """A table for each attention of a recurrent decoder."""
    return {
        "fixed": {"type": "fixed"},
        "additive": {"type": "additive", "units": width},
        "dot": {"type": "dot"},
        "scaled-dot": {"type": "scaled-dot"},
        "general": {"type": "general"},
        "local-m": {"type": "local-m", "window": 10},
        "local-p": {"type": "local-p", "window": 10},
        "multi-head": {"type": "multi-head", "heads": 4, "head_units": width // 4},
    }


def recurrent_decoding(encoder, attention, width):
    """A combination with a recurrent decoder."""
    return {
        "embedding_units": width,
        "dropout": 0.1,
        "encoder": encoder,
        "decoder": {"type": "recurrent", "units": width},
        "attention": attention,
    }


def transformer_decoding(encoder, width):
    """A combination with a Transformer decoder, which has its own attention."""
    return {
        "embedding_units": width,
        "encoder": encoder,
        "decoder": {"type": "transformer", **_stack(width)},
    }


def _stack(width):
    return {"layers": 2, "heads": 4, "feed_forward_units": 2 * width, "dropout": 0.1}
