"""Settings: rua.toml < environment < flags, the thresholds of the advice, and who may see what."""
