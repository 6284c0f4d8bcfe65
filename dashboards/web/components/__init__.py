"""What several screens are made of: charts, tables, lists, sentences, forms, downloads."""
