"""What changed between two periods, most serious first."""
