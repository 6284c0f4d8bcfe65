"""What another policy would have done (what-if), and how the published policy changed."""
