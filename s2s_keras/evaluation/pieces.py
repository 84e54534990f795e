"""Subword pieces and the words that they make up."""

SPACE = "\u2581"
"""What SentencePiece writes for a space: it begins a word."""

NO_WORD = -1
"""What stands for a word where a piece belongs to none."""

_SPECIAL = frozenset(("", "<pad>", "<s>", "</s>"))


def as_text(piece):
    """A piece as a string: what a string tensor holds is bytes."""
    return piece.decode("utf-8", "replace") if isinstance(piece, bytes) else str(piece)


def words_of_pieces(pieces):
    """The word that each piece belongs to.

    Words are what one or more spaces separate, counted from 0. A lone U+2581 belongs to the word
    that it begins. Other white space (a TAB, a no-break space) is part of its word.

    Args:
        pieces: the pieces of one text, as strings or bytes, as `Tokenizer.pieces` gives them. Also
            whole words and single bytes such as `<0xE2>`.

    Returns:
        A list of one integer a piece: the index of its word, or `NO_WORD` (-1) for begin, end and
        padding, and for spaces after the last word.

    Example:
        >>> words_of_pieces(["▁a", "▁dog", "gy", ".", "</s>"])
        [0, 1, 1, 1, -1]
    """
    words = []
    word, between = -1, True
    for piece in map(as_text, pieces):
        if piece in _SPECIAL:
            words.append(NO_WORD)
            continue
        between = between or piece.startswith(SPACE)
        if between and piece.strip(SPACE):
            word, between = word + 1, False
        words.append(word + between)
    return [NO_WORD if index > word else index for index in words]
