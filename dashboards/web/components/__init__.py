"""Parts that several screens share: tables, charts, downloads, the label form."""
