"""The types that ingest passes on: arrivals, documents, batches, proofs, runs; and all limits."""
