"""The language of templates: syntaxes, grammars and parsers."""
