"""DuckDB: whole tables on one machine, as SQL for your own query, or from file to file."""

from macroengine.backends.duckdb.sql import failure_sql, to_sql
from macroengine.backends.duckdb.table import Summary, render_table

__all__ = ["Summary", "failure_sql", "render_table", "to_sql"]
