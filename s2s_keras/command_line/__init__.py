"""The command line, `s2s-keras COMMAND`."""

from s2s_keras.command_line.main import main

__all__ = ["main"]
