"""Asks the store questions: SQL files, the window of days, statistics, cached results."""
