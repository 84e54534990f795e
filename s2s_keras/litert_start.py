"""What a program does with a `.tflite` file before it translates."""

import numpy as np

from s2s_keras.special_ids import END


def run_once(runner):
    """Runs a search of a `.tflite` file once, for an empty source, before its input is resized.

    LiteRT 2.3 may give a wrong answer, once, where an input is resized before its signature has
    ever run: XNNPACK then looks at fewer positions of a decoder's cache than there are.

    Args:
        runner: a signature's, of an `Interpreter`, with an input `source`.
    """
    source = np.zeros(runner.get_input_details()["source"]["shape"], "int32")
    source[:, 0] = END
    runner(source=source)
