"""What the commands share: output, tables, questions, and the advice as text."""
