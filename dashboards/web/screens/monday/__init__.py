"""Monday: the landing page."""
