"""What is measured, one module a peer; see `benchmarks/README.md`."""
