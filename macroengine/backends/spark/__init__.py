"""Spark: DataFrames and streams rendered on a cluster, or a Column for your own query."""

from macroengine.backends.spark.columns import failure_column, render_dataframe, to_column

__all__ = ["failure_column", "render_dataframe", "to_column"]
