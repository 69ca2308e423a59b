"""The tables of store.db, and the number that says which version of them a file holds.

`local_*` tables are this node's own and are never replicated.
"""

from fedretail.errors import Refused
from fedretail.store.database import Connection, NoStore

# 2: the journal holds differences. 3: heads seen, proofs, what is to be repaired. 4: deeds, for
# undo.
SCHEMA = 4
# "frtl": tells a store of fedretail from any other SQLite file.
APPLICATION_ID = 0x6672746C

_TABLES = """
-- key: text; value: whatever the key says. Keys: store_id (32 hex digits), last_stamp (ms of the
-- newest stamp this device gave), charter (bytes), created_ms, running_ms (see vacating.py).
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- Auth records as sent; id is the first 16 bytes of their hash. moved: order of arrival.
CREATE TABLE auth (
    moved INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB UNIQUE, owner BLOB, raw BLOB);
CREATE INDEX auth_owner ON auth (owner);

CREATE TABLE collection (
    id INTEGER PRIMARY KEY, owner BLOB, name TEXT, UNIQUE (owner, name));

-- One log a row; its number is never given again. head: as sent, NULL before the first; state:
-- LtHash, 2 KiB; moved: order of the last advances of all logs, so that a follower can ask what
-- moved since.
CREATE TABLE log (
    id INTEGER PRIMARY KEY AUTOINCREMENT, log_id BLOB UNIQUE, collection INTEGER, device BLOB,
    incarnation INTEGER, seq INTEGER, stamp INTEGER, count INTEGER, size INTEGER, state BLOB,
    head BLOB, moved INTEGER);
CREATE INDEX log_collection ON log (collection);
CREATE INDEX log_moved ON log (moved);
CREATE INDEX log_stamp ON log (stamp);

-- row: canonical bytes of [seq, born, groups], at most 8 KiB; seq repeats the row's own.
CREATE TABLE row (
    log INTEGER, kind TEXT, key TEXT, seq INTEGER, row BLOB,
    PRIMARY KEY (log, kind, key)) WITHOUT ROWID;
CREATE INDEX row_seq ON row (log, seq);
-- Vacant rows (and a few small ones): a row without groups takes 20 bytes at most.
CREATE INDEX row_vacant ON row (log, seq) WHERE length(row) <= 20;
-- Rows with a deletion, the field ! with the value true (and a few that hold these three bytes).
CREATE INDEX row_deleted ON row (log, kind, key) WHERE instr(row, X'A121C3');

-- Heads seen of a log, signed by its device, whether its rows were ever held or not: two with one
-- seq and different digests are a proof. raw: as sent.
CREATE TABLE head_seen (
    id INTEGER PRIMARY KEY, log INTEGER, seq INTEGER, stamp INTEGER, raw BLOB, UNIQUE (log, seq));

-- Devices that have signed two states of one log: first, second: the heads as sent, lesser bytes
-- first; moved: order of arrival.
CREATE TABLE proof (
    moved INTEGER PRIMARY KEY AUTOINCREMENT, owner BLOB, collection TEXT, device BLOB,
    incarnation INTEGER, first BLOB, second BLOB, UNIQUE (owner, collection, device));

-- Records whose folded value changed; each once, at its newest cursor.
CREATE TABLE feed (
    cursor INTEGER PRIMARY KEY AUTOINCREMENT, collection INTEGER, kind TEXT, key TEXT,
    UNIQUE (collection, kind, key));

-- Parts of a log that is being fetched, until its head is reached. changes: as sent.
CREATE TABLE staging (
    log INTEGER, part INTEGER, base_seq INTEGER, base_stamp INTEGER, head BLOB,
    kind TEXT, key TEXT, changes BLOB, PRIMARY KEY (log, part));

-- Fields that never leave the shop's own devices; value: canonical bytes; stamp: ms.
CREATE TABLE local_own (
    collection INTEGER, kind TEXT, key TEXT, field TEXT, value BLOB, stamp INTEGER,
    PRIMARY KEY (collection, kind, key, field)) WITHOUT ROWID;

-- Row versions that later commits of this owner replaced, kept for 30 days; entry: what was
-- replaced on the way to the head (seq, stamp), see journal.py; at: ms.
CREATE TABLE local_journal (
    id INTEGER PRIMARY KEY, log INTEGER, seq INTEGER, stamp INTEGER, at INTEGER, entry BLOB);

-- What this device did, for undo; id: 16 hex digits; at: ms; what: JSON text. Kept for 30 days.
CREATE TABLE local_deed (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, at INTEGER, what TEXT);

-- What stood in a record before a deed changed it, and what it set there (canonical bytes of the
-- fields touched, own ones too); before NULL: no record; after NULL: deleted; stamp: of the commit.
CREATE TABLE local_before (
    deed INTEGER, collection INTEGER, kind TEXT, key TEXT, stamp INTEGER, before BLOB, after BLOB,
    PRIMARY KEY (deed, collection, kind, key, stamp)) WITHOUT ROWID;

-- Deletions that this node has shown and whose row is gone, while a copy of another log that is
-- held here has older fields still; device, incarnation: of the log; stamp: when (ms).
CREATE TABLE local_deletion (
    collection INTEGER, kind TEXT, key TEXT, device BLOB, incarnation INTEGER, stamp INTEGER,
    PRIMARY KEY (collection, kind, key, device, incarnation)) WITHOUT ROWID;

-- What may leave an own row after 30 days, see vacating.py; what: 0 its deletion, 1 fields that
-- another's has beaten; stamp, device: of that deletion; since: ms of running time.
CREATE TABLE local_spent (
    log INTEGER, kind TEXT, key TEXT, what INTEGER, stamp INTEGER, device BLOB, since INTEGER,
    PRIMARY KEY (log, kind, key, what)) WITHOUT ROWID;

-- When commits of own logs were made, one a day; at: ms.
CREATE TABLE local_day (log INTEGER, seq INTEGER, at INTEGER, PRIMARY KEY (log, seq)) WITHOUT ROWID;

-- Records with a stamp that is not in force yet; due: ms when it will be.
CREATE TABLE local_due (
    collection INTEGER, kind TEXT, key TEXT, due INTEGER,
    PRIMARY KEY (collection, kind, key)) WITHOUT ROWID;
CREATE INDEX local_due_due ON local_due (due);

-- Logs whose rows are not those of their head, to be repaired from a neighbour's copy.
CREATE TABLE local_repair (log INTEGER PRIMARY KEY);

-- Logs of which nothing is held any more but rows on their way out; collection: where they stood.
CREATE TABLE local_evicted (log INTEGER PRIMARY KEY, collection INTEGER);

-- What the daemon and the commands tell each other: value is JSON text, at: ms.
CREATE TABLE local_status (key TEXT PRIMARY KEY, value TEXT, at INTEGER) WITHOUT ROWID;

-- Addresses of neighbours; source: ticket, option, peer; heard: ms of the last session, 0 never.
CREATE TABLE local_address (address TEXT PRIMARY KEY, source TEXT, heard INTEGER) WITHOUT ROWID;

-- Own logs: the incarnation that this device writes of a collection; seq, stamp: up to where others
-- have seen it; is_draft: never shown, its beginning is being fetched. See writing.py.
CREATE TABLE local_writing (
    collection INTEGER PRIMARY KEY, incarnation INTEGER, seq INTEGER, stamp INTEGER,
    is_draft INTEGER);

-- How each source of imports is read (JSON text), by collection and name.
CREATE TABLE local_profile (
    collection INTEGER, source TEXT, value TEXT, PRIMARY KEY (collection, source)) WITHOUT ROWID;
"""


def create(connection: Connection, *, store_id: str, now_ms: int) -> None:
    """Make the tables in an empty file; one that holds something already stays as it is."""
    if number(connection) is not None:
        return
    connection.execute("PRAGMA journal_mode=WAL")
    with connection.transaction(durable=True):
        if number(connection) is not None:
            return
        for statement in _TABLES.split(";\n"):
            if statement.strip():
                connection.execute(statement)
        rows = [("store_id", store_id), ("created_ms", now_ms), ("last_stamp", 0)]
        connection.executemany("INSERT INTO meta VALUES (?, ?)", rows)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={SCHEMA}")


def number(connection: Connection) -> int | None:
    """The schema number of a file; None where it holds no tables yet."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables:
        return None
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check(connection: Connection, path: object) -> None:
    """Raise Refused unless the file is a store of this very schema; the file is left untouched."""
    found = number(connection)
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise not_ours(path)
    if found != SCHEMA:
        age = "newer" if found is None or found > SCHEMA else "older"
        raise Refused(
            f"{path} was written by {'a' if age == 'newer' else 'an'} {age} fedretail "
            f"(store {found}, this program reads {SCHEMA}). It was left untouched.",
            hint="Start the fedretail that wrote it, or run its `fedretail export` and import "
            "that file here.",
        )


def not_ours(path: object) -> NoStore:
    """The error for a file that something else has made."""
    return NoStore(f"{path} is not a store of fedretail.", hint="Give another --data-dir.")
