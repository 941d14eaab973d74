"""What executes a plan over a whole table: DuckDB on one machine, Spark on many. A backend sees only a plan."""
