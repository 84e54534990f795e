"""How well a model's attention agrees with gold word alignments."""

import numpy as np

from s2s_keras.errors import InputError
from s2s_keras.evaluation.pieces import words_of_pieces


def word_weights(weights, source_words, target_words):
    """The attention between words, from the attention between their pieces.

    A target word looks at a source word with the weights of all that word's pieces together, and
    where it looks is the mean over its own pieces. Pieces of no word are left out, so a row sums to
    1 less what fell on them.

    Args:
        weights: `(target pieces, source pieces)`, the attention's weights.
        source_words: the word of each source piece, as `words_of_pieces` gives it.
        target_words: the word of each target piece.

    Returns:
        A float array `(target words, source words)`.

    Raises:
        ValueError: if the weights' shape does not fit the numbers of pieces.
    """
    weights = np.asarray(weights, "float64")
    if weights.shape != (len(target_words), len(source_words)):
        raise ValueError(
            f"weights of shape {weights.shape} do not fit {len(target_words)} target pieces and "
            f"{len(source_words)} source pieces"
        )
    source, target = _membership(source_words), _membership(target_words)
    return (target / target.sum(axis=0)).T @ weights @ source


def align(word_weights):
    """Links each target word to the source word that it looks at most.

    Args:
        word_weights: `(target words, source words)`, as the function of that name gives them.

    Returns:
        A frozenset of `(source word, target word)`. Of equal weights the first source word has the
        link; a target word that looks nowhere (its weights are zero) has none.
    """
    weights = np.asarray(word_weights)
    if not weights.size:
        return frozenset()
    best = weights.argmax(axis=1)
    return frozenset(
        (int(source), target) for target, source in enumerate(best) if weights[target, source] > 0
    )


def alignment_error_rate(alignments, gold):
    """The alignment error rate of a corpus (Och & Ney 2003, section on that measure).

    With the proposed links A, the sure gold links S and the possible ones P, where S is a subset
    of P, each of them the links of all sentences:

        AER = 1 - (|A ∩ S| + |A ∩ P|) / (|A| + |S|)

    It is 0 for an alignment that holds every sure link and no link that is not possible, and 1 for
    one without a possible link.

    Args:
        alignments: one set of `(source word, target word)` a pair.
        gold: one `(sure, possible)` a pair, both such sets, as `Corpus.alignments` gives them.
            Sure links count as possible ones whether `possible` repeats them or not.

    Returns:
        A float, 0 (best) to 1.

    Raises:
        InputError: if there are not as many alignments as gold ones, or no link in either.

    References:
        F. J. Och, H. Ney. A Systematic Comparison of Various Statistical Alignment Models.
        Computational Linguistics 29(1), 2003.
    """
    if len(alignments) != len(gold):
        raise InputError(f"there are {len(alignments)} alignments but {len(gold)} gold ones")
    found = total = 0
    for links, (sure, possible) in zip(alignments, gold, strict=True):
        links, sure = frozenset(links), frozenset(sure)
        found += len(links & sure) + len(links & (sure | frozenset(possible)))
        total += len(links) + len(sure)
    if not total:
        raise InputError("an alignment error rate needs links: there are none, nor sure gold ones")
    return 1 - found / total


def attention_alignments(model, tokenizer, pairs, batch_size=64):
    """Aligns the words of sentence pairs by a model's attention.

    The model reads the target itself (teacher forcing), so that every pair is aligned whatever the
    model would have said.

    Args:
        model: an `EncoderDecoder`.
        tokenizer: the `Tokenizer` it was trained with.
        pairs: a list of `(source, target)` texts.
        batch_size: how many pairs are run at once; pairs of similar length share a batch.

    Returns:
        A list of one frozenset of `(source word, target word)` a pair, in the order of `pairs`;
        words as `words_of_pieces` counts them. A model whose weights are all zero, having no
        attention, gives empty ones.

    Example:
        >>> links = attention_alignments(model, tokenizer, corpus.split("test"))
        >>> alignment_error_rate(links, corpus.alignments("test"))
    """
    from s2s_keras.pipeline import tokenize_pairs

    if not pairs:
        return []
    ids = tokenize_pairs(pairs, tokenizer)
    attend = _attend(model)
    order = sorted(
        range(len(ids)), key=lambda index: (len(ids.sources[index]), len(ids.targets[index]))
    )
    alignments = [None] * len(ids)
    for first in range(0, len(order), batch_size):
        indices = order[first : first + batch_size]
        sources = [ids.sources[index] for index in indices]
        targets = [ids.targets[index] for index in indices]
        for index, source, target, weights in zip(
            indices, sources, targets, attend(sources, targets), strict=True
        ):
            labels = target[1:]  # A row of the weights belongs to the token after the one read.
            alignments[index] = align(
                word_weights(
                    weights[: len(labels), : len(source)],
                    words_of_pieces(tokenizer.pieces(source)),
                    words_of_pieces(tokenizer.pieces(labels)),
                )
            )
    return alignments


def _attend(model):
    """A function from lists of source and target ids to weights `(batch, target, source)`."""
    import tensorflow as tf

    from s2s_keras.pipeline.batches import pad

    ids = tf.TensorSpec((None, None), tf.int32)

    @tf.function(input_signature=(ids, ids), autograph=False)
    def run(source, target):
        inputs = {"source": source, "target": target}
        return model(inputs, training=False, return_attention_scores=True)[1]

    def attend(sources, targets):
        read = [target[:-1] for target in targets]
        rows = (pad(each, max(map(len, each))) for each in (sources, read))
        return run(*map(tf.constant, rows)).numpy()

    return attend


def _membership(words):
    """Which word each piece is of: floats 0 and 1 `(pieces, words)`."""
    words = np.asarray(words, "int64")
    return (words[:, None] == np.arange(words.max(initial=-1) + 1)).astype("float64")
