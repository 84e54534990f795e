"""How much arithmetic the Transformer of the benchmarks cannot do without.

Only products with matrices count, once: no normalisation, no softmax, no optimizer, no padding.
"""

import numpy as np

# Backward there are two products for each of forward: one for the inputs, one for the weights.
TRAINING_PER_FORWARD = 3


def forward_multiply_adds(pairs, vocabulary_size, units, layers, feed_forward_units):
    """Multiply-adds to read `pairs` once and predict their targets.

    With d = `units`, f = `feed_forward_units`, N = `layers`, V = `vocabulary_size`, and S source
    and T target tokens in a pair (the end token counts in each, the begin token does not):

        encoder         S N (4 d^2 + 2 d f + 2 S d)   projections, feed-forward, attention
        source's K, V   S N 2 d^2
        decoder         T N (6 d^2 + 2 d f + 2 T d + 2 S d)
        softmax         T V d

    A causal attention could leave out half of its 2 T d; nobody here does.

    Args:
        pairs: `TokenPairs`.
        vocabulary_size: V.
        units: d.
        layers: N.
        feed_forward_units: f.

    Returns:
        A float, summed over the pairs.
    """
    source = np.array([len(row) for row in pairs.sources], float)
    target = np.array([len(row) - 1 for row in pairs.targets], float)
    layer = 4 * units**2 + 2 * units * feed_forward_units
    encoder = source * (layer + 2 * units**2 + 2 * source * units)
    decoder = target * (layer + 2 * units**2 + 2 * (target + source) * units)
    return float((layers * (encoder + decoder) + target * vocabulary_size * units).sum())


def training_multiply_adds_per_token(pairs, **sizes):
    """Multiply-adds of an update, forward and backward, for each real target token."""
    tokens = sum(len(row) - 1 for row in pairs.targets)
    return TRAINING_PER_FORWARD * forward_multiply_adds(pairs, **sizes) / tokens
