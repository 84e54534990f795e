"""What a `.tflite` file says of itself, and the files that it carries.

The format is that of TensorFlow Lite's model metadata (`metadata_schema.fbs`, version 1.0.1): a
FlatBuffer inside the model's says what tensors mean, and a ZIP archive behind the model holds
files. Android's `MetadataExtractor` reads both; so does `zipfile`, which finds an archive at the
end of a file.
"""

import io
import json
import zipfile

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from s2s_keras.errors import InputError
from s2s_keras.files import to_json

NAME = "TFLITE_METADATA"
TOKENIZER_FILE = "tokenizer.model"
DESCRIPTION_FILE = "s2s_keras.json"
_IDENTIFIER = b"M001"
# An archive's dates would make two exports of one model differ.
_DATE = (1980, 1, 1, 0, 0, 0)

SIGNATURES = {
    "greedy": "Translates, taking the most probable token at every step.",
    "beam": "Translates by beam search.",
    "encode": "Reads the source: the decoder's state before the first token, which is 2 (begin).",
    "decode_step": "Reads one token of each target and gives the logits of the next.",
}
TENSORS = {
    "source": "int32 [batch, source]: ids, the end id 3 last, 0 = padding.",
    "tokens": "int32 [batch, target]: ids, 0 after the end id 3.",
    "score": "float32 [batch]: log probability of the tokens, end token included.",
    "token": "int32 [batch]: the token of each target that was chosen last, 2 at first.",
    "logits": "float32 [batch, vocabulary]: of the next token. 0, 1 and 2 are never chosen.",
    "weights": "float32 [batch, source]: where the decoder looked, 0 at padding.",
    "position": "int32: how many tokens were read.",
}
_STATE = "A part of the decoder's state: give `decode_step` what `encode` or it itself gave."
_FILES = {
    TOKENIZER_FILE: "The SentencePiece model: ids from text, text from ids.",
    DESCRIPTION_FILE: "Languages, lengths and sizes.",
}


def add_metadata(model, description):
    """Adds the metadata to a `ModelT`.

    Args:
        model: a `ModelT`, which is changed.
        description: a dictionary with at least `source`, `target`, `model`, `author` and `license`.
    """
    buffer = schema.BufferT()
    buffer.data = _metadata(model, description)
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = NAME, len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), entry]


def add_files(data, tokenizer_model, description):
    """The bytes of a `.tflite` file with its files behind it.

    Args:
        data: the file so far.
        tokenizer_model: the SentencePiece model, bytes.
        description: a dictionary.
    """
    file = io.BytesIO(data)
    file.seek(0, io.SEEK_END)
    # The "a" mode leaves what stands before the archive where it is.
    with zipfile.ZipFile(file, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(TOKENIZER_FILE, _DATE), tokenizer_model)
        archive.writestr(zipfile.ZipInfo(DESCRIPTION_FILE, _DATE), to_json(description))
    return file.getvalue()


def read_files(path):
    """What `add_files` added.

    Returns:
        The SentencePiece model, bytes, and the description.

    Raises:
        InputError: if the file is damaged, or another program's.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            description = json.loads(archive.read(DESCRIPTION_FILE))
            return archive.read(TOKENIZER_FILE), description
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path}: no .tflite file that `export` wrote, or cut short: it lacks its tokenizer"
        ) from error


def _metadata(model, description):
    builder = flatbuffers.Builder(1024)
    names = {each.subgraphIndex: each for each in model.signatureDefs}
    graphs = [_graph(builder, names.get(index)) for index in range(len(model.subgraphs))]
    files = [_table(builder, *_strings(builder, each)) for each in _FILES.items()]
    what = f"Translates {description['source']} token ids to {description['target']} token ids."
    name, about, author, licence, version, parser = _strings(
        builder,
        [
            description["model"],
            what,
            description["author"],
            description["license"],
            "1",
            "1.0.1",
        ],
    )
    graphs, files = _vector(builder, graphs), _vector(builder, files)
    root = _table(builder, name, about, version, graphs, author, licence, files, parser)
    builder.Finish(root, _IDENTIFIER)
    return bytes(builder.Output())


def _graph(builder, signature):
    """The `SubGraphMetadata` of a signature, or an empty one for a loop's parts."""
    if signature is None:
        return _table(builder)
    key = signature.signatureKey.decode()
    inputs, outputs = (
        _vector(builder, [_tensor(builder, each.name.decode()) for each in tensors])
        for tensors in (signature.inputs, signature.outputs)
    )
    return _table(builder, *_strings(builder, [key, SIGNATURES[key]]), inputs, outputs)


def _tensor(builder, name):
    return _table(builder, *_strings(builder, [name, TENSORS.get(name, _STATE)]))


def _strings(builder, texts):
    return [builder.CreateString(text) for text in texts]


def _vector(builder, offsets):
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def _table(builder, *offsets):
    """A table whose first fields are these."""
    builder.StartObject(len(offsets))
    for slot, offset in enumerate(offsets):
        builder.PrependUOffsetTRelativeSlot(slot, offset, 0)
    return builder.EndObject()
