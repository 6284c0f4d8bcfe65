"""What each screen shows, panel by panel, with the charts and words that no other has."""
