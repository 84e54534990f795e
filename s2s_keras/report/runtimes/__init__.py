"""One module for each runtime, each with a class `Runtime`; see `runtime.py` for what it does."""
