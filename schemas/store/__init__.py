"""The DuckDB file: connect, lock, migrate, copy, export. views/ is the public SQL interface."""
