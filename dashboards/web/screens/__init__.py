"""One folder a screen: page.py, data.py (its questions), panels.py (what it draws)."""
