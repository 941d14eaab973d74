"""The backends: DuckDB, ClickHouse and Spark, and the tables that they render."""
