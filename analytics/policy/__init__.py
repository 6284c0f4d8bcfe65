"""What another policy would have done (what-if), and how a policy changed."""
