"""What macroengine.testing offers, and the reference and vectors that it has."""
