"""ClickHouse: SQL for your own queries and materialised views, and queries rendered through its client."""

from macroengine.backends.clickhouse.query import render_query
from macroengine.backends.clickhouse.sql import failure_sql, to_sql

__all__ = ["failure_sql", "render_query", "to_sql"]
