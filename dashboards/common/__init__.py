"""Words, formats and colours that terminal, screens and weekly report share."""
