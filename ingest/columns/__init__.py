"""From models to the columns of the report tables, and their bulk insert."""
