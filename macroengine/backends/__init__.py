"""Backends run a plan over a whole table: DuckDB and ClickHouse in SQL, Spark on a cluster. They only see the plan."""
