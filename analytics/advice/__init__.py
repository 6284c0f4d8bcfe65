"""Advice on the way to p=reject: a domain's state, its gates and blockers, and the verdict."""
