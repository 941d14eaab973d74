"""A ClickHouse for tests: the server at CLICKHOUSE_URL, or an embedded one."""

import os
from typing import Any

import pytest


def connect() -> Any:
    """Return a client, or skip the test."""
    client = pytest.importorskip("clickhouse_connect", reason="needs pip install 'macroengine[clickhouse]'")
    server = os.environ.get("CLICKHOUSE_URL")
    if server:
        return client.get_client(dsn=server)
    pytest.importorskip("chdb", reason="needs chdb (pip install --group chdb), or a server that CLICKHOUSE_URL names")
    return client.get_client(interface="chdb")
