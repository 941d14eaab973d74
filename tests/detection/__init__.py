"""Detection: whose template it is."""
