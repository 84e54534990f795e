"""Models as combinations of layers: data, checked and built.

A combination is a dictionary, as a TOML or JSON file gives it:

    embedding_units = 256
    dropout = 0.3

    [encoder]
    type = "recurrent"
    units = 256

    [decoder]
    type = "recurrent"
    units = 512

    [attention]
    type = "additive"
    units = 256

    [training]
    learning_rate = 2e-3

Outside of the tables stand arguments of `EncoderDecoder`. A table has a `type` and the arguments of
the layer that the type stands for, and [training] has the fields of a `Recipe`. A Transformer
decoder has its own attention, so then there is no [attention].
"""

import contextlib
import inspect

import keras

from s2s_keras import layers
from s2s_keras.errors import InputError
from s2s_keras.models.encoder_decoder import EncoderDecoder
from s2s_keras.models.recipe import Recipe

# Each type's layer, and the arguments that the type itself decides.
TYPES = {
    "encoder": {
        "recurrent": (layers.RecurrentEncoder, {}),
        "convolutional": (layers.ConvolutionalEncoder, {}),
        "hierarchical": (layers.HierarchicalEncoder, {}),
        "transformer": (layers.TransformerEncoder, {}),
    },
    "decoder": {
        "recurrent": (layers.RecurrentDecoder, {}),
        "transformer": (layers.TransformerDecoder, {}),
    },
    "attention": {
        "fixed": (layers.FixedContext, {}),
        "additive": (layers.AdditiveAttention, {}),
        "dot": (layers.MultiplicativeAttention, {"score": "dot"}),
        "scaled-dot": (layers.MultiplicativeAttention, {"score": "scaled-dot"}),
        "general": (layers.MultiplicativeAttention, {"score": "general"}),
        "local-m": (layers.LocalAttention, {"alignment": "monotonic"}),
        "local-p": (layers.LocalAttention, {"alignment": "predictive"}),
        "multi-head": (layers.MultiHeadContext, {}),
    },
}

# Keras's names of the policies: a precision is that of the products, weights stay float32.
PRECISIONS = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}

# What is no field, because the builder gives it.
_GIVEN = {"vocabulary_size", "encoder", "decoder", "source_embedding", "output_units", "attention"}


def resolve(table, name):
    """Checks a combination and fills in what it leaves to defaults.

    Args:
        table: a combination.
        name: what errors call it: the preset or the file.

    Returns:
        A combination that names every field.

    Raises:
        InputError: for an unknown or missing field, a value that does not do, or a contradiction.
    """
    if not isinstance(table, dict):
        raise InputError(f"{name}: it must be a table of fields, such as embedding_units")
    tables = {key: table[key] for key in (*TYPES, "training") if key in table}
    top = {key: value for key, value in table.items() if key not in tables}
    resolved = _fields(top, _arguments(EncoderDecoder), name, "", tables=True)
    for part in ("encoder", "decoder"):
        if part not in tables:
            raise InputError(f"{name}: the table [{part}] is missing")
    for part, given in {**tables, "training": tables.get("training", {})}.items():
        if not isinstance(given, dict):
            raise InputError(f"{name}: {part} is {given!r}: it must be a table, [{part}]")
        resolved[part] = _recipe(given, name) if part == "training" else _part(part, given, name)
    _check_contradictions(resolved, name)
    _build_parts(resolved, name)
    return resolved


def build_model(combination, vocabulary_size, precision="float32"):
    """Builds the model of a combination, with new weights.

    Args:
        combination: what `resolve` gives.
        vocabulary_size: number of token ids.
        precision: one of `PRECISIONS`. In `bfloat16` and `float16` most products are computed in
            16 bits; weights, softmaxes and logits stay in 32. That pays on accelerators: on the
            CPU that it was tried on, bfloat16 was no faster than float32.
    """
    with _dtype_policy(PRECISIONS[precision]):
        encoder, decoder = _build_parts(combination, "model")
        own = {field: combination[field] for field in _arguments(EncoderDecoder)}
        model = EncoderDecoder(vocabulary_size, encoder=encoder, decoder=decoder, **own)
        model.build()
    return model


@contextlib.contextmanager
def _dtype_policy(name):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _arguments(layer, decided=()):
    """The constructor's arguments that are fields, by name, as `inspect.Parameter`s."""
    parameters = inspect.signature(layer.__init__).parameters
    return {
        name: parameter
        for name, parameter in parameters.items()
        if name not in ("self", *_GIVEN, *decided)
        and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    }


def _fields(given, arguments, name, where, tables=False):
    known = [*arguments, *((*TYPES, "training") if tables else ())]
    for field in given:
        if field not in known:
            raise InputError(
                f"{name}: unknown field {field!r}{where}: "
                + (f"choose from {', '.join(known)}" if known else "there is none")
            )
    fields = {}
    for field, argument in arguments.items():
        if field not in given and argument.default is argument.empty:
            raise InputError(f"{name}: the field {field!r}{where} is missing")
        fields[field] = given.get(field, argument.default)
        wanted = _wanted(fields[field], argument)
        if wanted:
            raise InputError(f"{name}: {field}{where} is {fields[field]!r}: it must be {wanted}")
    return fields


def _wanted(value, argument):
    """What an argument's value must be, where it is not; None where it is."""
    # An argument without a default is a size.
    kind = int if argument.default is argument.empty else type(argument.default)
    if kind is bool:
        return None if isinstance(value, bool) else "true or false"
    if kind is str:
        return None if isinstance(value, str) else "a name in quotes"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is float:  # a share, of what is dropped
        return None if is_number and 0 <= value < 1 else "a number of at least 0 and below 1"
    is_size = is_number and isinstance(value, int) and value >= 1
    return None if is_size else "a whole number of 1 or more"


def _part(part, given, name):
    kind = given.get("type")
    if not isinstance(kind, str) or kind not in TYPES[part]:
        found = f"unknown type {kind!r} in" if "type" in given else "the field 'type' is missing in"
        raise InputError(f"{name}: {found} [{part}]: choose one of {', '.join(TYPES[part])}")
    layer, decided = TYPES[part][kind]
    fields = {field: value for field, value in given.items() if field != "type"}
    fields = _fields(fields, _arguments(layer, decided), name, f" in [{part}] of type {kind}")
    return {"type": kind, **fields}


def _recipe(given, name):
    fields = Recipe.__dataclass_fields__
    for field in given:
        if field not in fields:
            raise InputError(
                f"{name}: unknown field {field!r} in [training]: choose from {', '.join(fields)}"
            )
    try:
        recipe = Recipe(**given)
    except ValueError as error:
        raise InputError(f"{name}: [training]: {error}") from error
    return {field: getattr(recipe, field) for field in fields}


def _check_contradictions(combination, name):
    kind = combination["decoder"]["type"]
    if kind == "recurrent" and "attention" not in combination:
        raise InputError(
            f"{name}: the table [attention] is missing, which a recurrent decoder needs: its type "
            "is fixed where the decoder shall not look at the source"
        )
    if kind != "recurrent" and "attention" in combination:
        raise InputError(
            f"{name}: [attention] contradicts [decoder] of type {kind}, which has its own: "
            "leave [attention] out"
        )
    if combination["shared_embedding"] and not combination["tied_softmax"]:
        raise InputError(
            f"{name}: shared_embedding = true contradicts tied_softmax = false: the one table is "
            "that of source, target and softmax"
        )
    width = combination["embedding_units"]
    for part in ("encoder", "decoder"):
        heads = combination[part].get("heads", 1)
        if width % heads:
            raise InputError(
                f"{name}: heads in [{part}] is {heads}, which does not divide embedding_units, "
                f"{width}"
            )


def _build_parts(combination, name):
    """The encoder and the decoder, with weights."""
    try:
        encoder = _layer("encoder", combination)
        extra = {}
        if combination["decoder"]["type"] == "recurrent":
            extra["output_units"] = combination["embedding_units"]
            extra["attention"] = _layer("attention", combination)
        decoder = _layer("decoder", combination, **extra)
        embedded_shape = (None, None, combination["embedding_units"])
        encoder.build(embedded_shape)
        decoder.build(embedded_shape, encoder.annotation_units, encoder.state_units)
    except ValueError as error:
        raise InputError(f"{name}: {str(error).splitlines()[0]}") from error
    return encoder, decoder


def _layer(part, combination, **extra):
    fields = {field: value for field, value in combination[part].items() if field != "type"}
    layer, decided = TYPES[part][combination[part]["type"]]
    return layer(**fields, **decided, **extra)
