"""How one asks the store: a question's SELECT, its window, its statistics, kept results."""
