"""Talking to a model server: a client of TensorFlow Serving, and a stand-in to try it on.

The client needs nothing but NumPy over REST. gRPC and the stand-in
(`s2s_keras.serving.stand_in`) need TensorFlow and `pip install s2s_keras[serving]`.
"""

from s2s_keras.serving.client import Client, Translation

__all__ = ["Client", "Translation"]
