"""Random numbers that are a function of a key, so that each hypothesis has its own.

A key is 32 bits that are mixed with whatever it shall depend on by the finaliser of MurmurHash3
(A. Appleby 2011). Keras's generators draw for a whole batch at once, and then a row's numbers
depend on the rows beside it.
"""

from keras import ops


def _bits(number):
    return ops.convert_to_tensor(number & 0xFFFFFFFF, "uint32")


def _mix(key):
    """Spreads every bit of `key` over all the 32."""
    key = ops.bitwise_xor(key, ops.right_shift(key, _bits(16))) * _bits(0x85EBCA6B)
    key = ops.bitwise_xor(key, ops.right_shift(key, _bits(13))) * _bits(0xC2B2AE35)
    return ops.bitwise_xor(key, ops.right_shift(key, _bits(16)))


def first_keys(seed, count):
    """`count` keys, uint32 `(count,)`."""
    return next_keys(ops.repeat(ops.expand_dims(_bits(seed), 0), count), ops.arange(count))


def next_keys(keys, tokens):
    """The keys after a token each, of the shape of both."""
    return _mix(_mix(keys + _bits(0x9E3779B9)) + ops.cast(tokens, "uint32"))


def uniform(keys):
    """Float32 numbers in [0, 1), of the shape of `keys`."""
    bits = ops.right_shift(_mix(keys), _bits(8))
    return ops.cast(bits, "float32") * 2.0**-24
