"""What an export answers in every runtime, and what that costs: measured, each in its own process.

Nothing is imported here. A process that measures a runtime imports modules of this package, and
must hold nothing else than that runtime: memory and loading times count what it imports.
"""
