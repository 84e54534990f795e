"""A SavedModel in a C program, through TensorFlow's C API."""

import subprocess
import tempfile

from s2s_keras.report import c_api_program
from s2s_keras.report.memory import peak_memory
from s2s_keras.report.runtimes.runtime import Runtime as BaseRuntime
from s2s_keras.report.subwords import Subwords


class Runtime(BaseRuntime):
    """A signature of a SavedModel, called by `c_api/translate.c` in a process of its own.

    Args:
        program: the built program's path.
        path: the version's folder.
        signature: the signature's name.
        tokenizer: the path of the SentencePiece model, for a signature that takes ids.
        max_length: the most tokens of a source, end token included.
    """

    def __init__(self, program, path, signature, tokenizer, max_length):
        options = ["--scores", "--ready"]
        self._command = c_api_program.command(
            program, path, batch_size=1, signature=signature, options=options
        )
        self._signature = signature
        self._subwords = Subwords(tokenizer, max_length)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (close() closes it)
        self._process = None

    def load(self):
        """Starts the program, and waits until its model is loaded."""
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=c_api_program.ENVIRONMENT,
        )
        self._read()

    def translate(self, text):
        """Translates a text, which goes through two pipes."""
        takes_ids = self._signature == "tokens"
        line = " ".join(map(str, self._subwords.ids(text))) if takes_ids else text
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()
        answer, score = c_api_program.scored(self._read())
        if takes_ids:
            return self._subwords.text(answer.split()), score
        # Behind a tab `attention` says where the model looked.
        return (answer.rpartition("\t")[0] if self._signature == "attention" else answer), score

    def peak_memory(self):
        """The program's."""
        return peak_memory(self._process.pid)

    def close(self):
        """Ends the program."""
        self._errors.close()
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def _read(self):
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace").strip().splitlines()
            raise c_api_program.ProgramError(said[-1] if said else "the program ended")
        return line.decode(errors="replace").removesuffix("\n")
