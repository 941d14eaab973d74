"""How templates are written: syntaxes as data, the grammar made of them, and the syntax tree."""
