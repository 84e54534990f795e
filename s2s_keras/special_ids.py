"""The token ids that stand for no text, the same in every vocabulary."""

PADDING, UNKNOWN, BEGIN, END = range(4)
