"""The data that must not be lost: clicks and impressions, installs, and queued postbacks. A single SQLite file."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from uuid import uuid4

from macroengine import Event, PreparedRequest
from macroengine.delivery import Outcome
from macroengine.intake.appmetrica import Click, Impression, link_values

Postbacks = list[tuple[str, PreparedRequest]]
"""Partners, and the request for each."""
# How long after a click or impression an install may be attributed to it.
WINDOW = timedelta(days=10)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS engagements (
    app_id TEXT NOT NULL, partner TEXT NOT NULL, kind TEXT NOT NULL, happened INTEGER NOT NULL,
    click_id TEXT, external_click_id TEXT, device_id TEXT, link TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_click ON engagements (app_id, click_id);
CREATE INDEX IF NOT EXISTS by_external_click ON engagements (app_id, external_click_id);
CREATE INDEX IF NOT EXISTS by_device ON engagements (app_id, device_id);
CREATE TABLE IF NOT EXISTS installs (
    app_id TEXT NOT NULL, appsflyer_id TEXT NOT NULL, owner TEXT, event TEXT NOT NULL,
    PRIMARY KEY (app_id, appsflyer_id)
);
CREATE TABLE IF NOT EXISTS postbacks (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, partner TEXT NOT NULL, method TEXT NOT NULL, url TEXT NOT NULL,
    headers TEXT NOT NULL, body BLOB NOT NULL, state TEXT NOT NULL, failures INTEGER NOT NULL, first_try TEXT NOT NULL,
    next_try TEXT
);
CREATE INDEX IF NOT EXISTS by_partner ON postbacks (partner, next_try) WHERE next_try IS NOT NULL;
"""
# The columns that are missing in a database that only has URLs; those were sent with GET.
_ADDED = {
    "method": "TEXT NOT NULL DEFAULT 'GET'",
    "headers": """TEXT NOT NULL DEFAULT '{"Accept": "*/*"}'""",
    "body": "BLOB NOT NULL DEFAULT x''",
}


@dataclass(frozen=True, slots=True)
class Due:
    """A postback that is due, reserved for one worker until its lease ends."""

    id: int
    key: str
    """The same for every try."""
    partner: str
    request: PreparedRequest
    failures: int
    first_try: datetime
    lease: str


class Store:
    """Every method is one transaction, which is on disk when it returns. Methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, timeout=10, check_same_thread=False)
        self._lock = Lock()
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(_SCHEMA)
        known = {row[1] for row in self._database.execute("PRAGMA table_info(postbacks)")}
        for name in _ADDED.keys() - known:
            self._database.execute(f"ALTER TABLE postbacks ADD COLUMN {name} {_ADDED[name]}")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._database as database:
            yield database

    def add_engagement(self, app_id: str, partner: str, engagement: Click | Impression) -> None:
        device = next(filter(_tells_devices_apart, (engagement.google_aid, engagement.ios_ifa, engagement.oaid)), None)
        row = (
            app_id,
            partner,
            type(engagement).__name__,
            engagement.click_timestamp,
            engagement.click_id,
            engagement.external_click_id,
            device and device.lower(),
            json.dumps(link_values(engagement)),
        )
        with self._transaction() as database:
            database.execute("INSERT INTO engagements VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def match(
        self, app_id: str, click_id: str | None, devices: Iterable[object], now: datetime
    ) -> tuple[str, dict[str, object]] | None:
        """Return the partner and the Link values of the click or impression that led to an install.

        The click id counts more than the device, a click more than an impression, and otherwise the latest one wins.
        """
        known = [str(device).lower() for device in devices if _tells_devices_apart(device)]
        places = ", ".join("?" * len(known))
        query = f"""
            SELECT partner, link FROM engagements
            WHERE app_id = ? AND happened >= ? AND (click_id = ? OR external_click_id = ? OR device_id IN ({places}))
            ORDER BY ? IN (click_id, external_click_id) DESC, kind = 'Click' DESC, happened DESC LIMIT 1
        """
        since = int((now - WINDOW).timestamp())
        with self._transaction() as database:
            found = database.execute(query, (app_id, since, click_id, click_id, *known, click_id)).fetchone()
        return found and (found[0], json.loads(found[1]))

    def add_install(self, app_id: str, owner: str | None, event: Event, postbacks: Postbacks) -> None:
        data = json.dumps(
            {"link": event.link, "sdk": event.sdk, "platform": event.platform, "attributed": event.attributed}
        )
        row = (app_id, event.sdk["appsflyer_id"], owner, data)
        with self._transaction() as database:
            database.execute("INSERT OR REPLACE INTO installs VALUES (?, ?, ?, ?)", row)
            _add_postbacks(database, postbacks)

    def install(self, app_id: str, appsflyer_id: str) -> tuple[str | None, Event] | None:
        """Return the install of a device, and the partner that it is attributed to."""
        query = "SELECT owner, event FROM installs WHERE app_id = ? AND appsflyer_id = ?"
        with self._transaction() as database:
            found = database.execute(query, (app_id, appsflyer_id)).fetchone()
        return found and (found[0], Event(**json.loads(found[1])))

    def add_postbacks(self, postbacks: Postbacks) -> None:
        with self._transaction() as database:
            _add_postbacks(database, postbacks)

    def partners(self) -> list[str]:
        """Return the partners with queued postbacks."""
        query = "SELECT DISTINCT partner FROM postbacks WHERE next_try IS NOT NULL"
        with self._transaction() as database:
            return [partner for (partner,) in database.execute(query)]

    def take(self, partner: str, now: datetime, at_most: int, lease: timedelta) -> list[Due]:
        """Return postbacks that are due, and reserve them from other workers until the lease ends.

        Postbacks that are not settled by then are due again, as after a crash.
        """
        query = """
            UPDATE postbacks SET next_try = ? WHERE id IN (
                SELECT id FROM postbacks WHERE partner = ? AND next_try <= ? ORDER BY next_try LIMIT ?
            ) RETURNING id, key, partner, method, url, headers, body, failures, first_try
        """
        until = (now + lease).isoformat()
        with self._transaction() as database:
            rows = database.execute(query, (until, partner, now.isoformat(), at_most)).fetchall()
        return [
            Due(
                number,
                key,
                partner,
                PreparedRequest(method, url, json.loads(headers), body),
                failures,
                datetime.fromisoformat(first_try),
                until,
            )
            for number, key, partner, method, url, headers, body, failures, first_try in rows
        ]

    def settle(self, due: Due, outcome: Outcome, next_try: datetime | None) -> None:
        """Store the outcome of a try and the time of the next one; None: there is no next one.

        If the worker's lease has ended, only a delivery is stored, since another worker has the postback now.
        """
        failures = due.failures + (outcome is not Outcome.DELIVERED)
        row = (outcome, failures, next_try and next_try.isoformat(), due.id, due.lease, outcome is Outcome.DELIVERED)
        query = "UPDATE postbacks SET state = ?, failures = ?, next_try = ? WHERE id = ? AND (next_try = ? OR ?)"
        with self._transaction() as database:
            database.execute(query, row)


def _add_postbacks(database: sqlite3.Connection, postbacks: Postbacks) -> None:
    now = datetime.now(UTC).isoformat()
    rows = [
        (uuid4().hex, partner, sent.method, sent.url, json.dumps(dict(sent.headers)), sent.body, "new", 0, now, now)
        for partner, sent in postbacks
    ]
    columns = "(key, partner, method, url, headers, body, state, failures, first_try, next_try)"
    database.executemany(f"INSERT INTO postbacks {columns} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _tells_devices_apart(device: object) -> bool:
    """Say whether an id identifies a device: users who do not share theirs all have the same zeros."""
    return isinstance(device, str) and bool(device.strip("0-"))
