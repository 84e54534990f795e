"""Measurements beside peers, each peer in a process of its own."""
