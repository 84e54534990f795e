"""Texts with their ids, which a tokenizer outside Python must reproduce."""

AWKWARD = (
    "",
    " ",
    "  two  spaces, at both ends  ",
    "Grüße aus Łódź: «déjà vu»",
    "Straße, STRASSE, ﬁnden, ½, ①",
    "e\u0301 and é",
    "日本語のテキスト",
    "Русский текст, ελληνικά, עברית, العربية",
    "🤖👩‍🚀🏳️‍🌈",
    "a\ttab, a\nline, a\u00a0space that does not break, \u200bnone",
    "\u2581 is SentencePiece's own sign",
    "control \u0001 and \u007f",
    "1,234.56 % of 10^6",
    "https://example.org/?a=b&c=d",
    "x" * 300,
)


def golden_vectors(tokenizer, texts):
    """What the tokenizer does with awkward texts and with `texts`.

    Args:
        tokenizer: a `Tokenizer`.
        texts: a list of strings.

    Returns:
        A list of dictionaries: `text`, its `ids` (without begin and end) and the text `decoded`
        from them.
    """
    texts = [*AWKWARD, *texts]
    ids = tokenizer.tokenize(texts)
    decoded = [each.decode() for each in tokenizer.detokenize(ids).numpy()]
    columns = zip(texts, ids.to_list(), decoded, strict=True)
    return [{"text": text, "ids": row, "decoded": back} for text, row, back in columns]
