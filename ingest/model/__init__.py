"""What ingest passes along: arrivals, batches, proofs, runs; and every limit on input."""
