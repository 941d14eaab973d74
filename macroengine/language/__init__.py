"""How templates are written: syntaxes as data, the grammars generated from them, and the syntax tree."""
