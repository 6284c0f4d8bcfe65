"""The road to reject: a domain's state, its gates and blockers, and the verdict."""
