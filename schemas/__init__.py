"""What the data is: report models, settings, errors, and the store they live in."""
