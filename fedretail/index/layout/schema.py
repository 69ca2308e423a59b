"""What index.db holds: its tables, its version, and how connections to it are made.

The index is a cache. It has no migrations: a file of another version, of another store or with
damaged pages is emptied and filled again from the store.

Only the holder of index.lock opens the file for writing; every other connection is read-only.
That is also what makes replacing a damaged file safe: SQLite deletes a write-ahead log by its
path when the last writing connection closes, and a read-only one never does.
"""

import sqlite3
from pathlib import Path
from typing import NamedTuple

from fedretail.errors import MalformedInput
from fedretail.index.language.text import TOKENIZER_VERSION
from fedretail.store.database import frozen_uri

# Another layout makes every index.db rebuild itself.
LAYOUT_VERSION = 8
VERSION = f"{LAYOUT_VERSION}.{TOKENIZER_VERSION}"

# A row number is site base << 22 | sequence number; a base is Hilbert number << 6 | duplicate.
# Rows of near sites are near in FTS5's lists, so that a radius is few ranges of row numbers. Each
# bit more makes these lists longer: 64 sites in a cell of a square kilometre are a city's centre.
SEQUENCE_BITS = 22
DUPLICATE_BITS = 6
MAX_OFFERS_PER_SITE = 1 << SEQUENCE_BITS
# Bases of sites without a known position lie above all 2**36 places; 59 bits in all.
NOWHERE = 1 << 30 + DUPLICATE_BITS

# Another process's commit takes milliseconds; a checkpoint of a rebuild some seconds.
BUSY_TIMEOUT_MS = 10_000
# 8 MB hold the inner pages and hot words of a million offers; what a long catch-up changes in a
# transaction takes twice as much.
_READER_CACHE_KIB, _WRITER_CACHE_KIB = 8_192, 16_384
# 16 MB of log.
_CHECKPOINT_PAGES = 4_000

# state: one row a name; see State.
# site: `base` as above; next_seq: the sequence number for its next offer; lat_e7 and lon_e7
#   null when it is not shown (no position, no record, or an id that is not its owner's);
#   currency: the record's, so that pages over many sites need not unpack them;
#   fields: see facts.pack_site. Owner and id name one site; ids alone nearly do.
# source: when a file or till of a site was last read, ms.
# category, brand, trait: the texts behind the numbers of cells.
# offer: facts: see the module. Its words are not kept: they are made again from its texts when
#   FTS5 is to forget them. offer_key: by site, so that what one shop changes stands together, and
#   what it has can be read in the order of keys.
# vocabulary: how many offers hold each word, which reads all of a word's rows; instance: each row
#   of each word, of which the first tells that there is one.
# spelling: the words of a large catalog as they stood at a cursor of the feed; see
#   language.catalog.
# cell: what filters, orders and counts ask of 64 offers; `commit_no` counts commits, see State.
_TABLES = """
CREATE TABLE state(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE site(
    base INTEGER PRIMARY KEY, owner BLOB NOT NULL, id TEXT NOT NULL, next_seq INTEGER NOT NULL,
    lat_e7 INTEGER, lon_e7 INTEGER, currency TEXT, fields BLOB NOT NULL);
CREATE INDEX site_id ON site(id);
CREATE INDEX site_lat ON site(lat_e7, lon_e7);
CREATE TABLE source(
    owner BLOB NOT NULL, site TEXT NOT NULL, key TEXT NOT NULL, checked_at INTEGER NOT NULL,
    PRIMARY KEY(owner, site, key)) WITHOUT ROWID;
CREATE TABLE category(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE brand(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE trait(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE offer(
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, facts BLOB NOT NULL);
CREATE INDEX offer_key ON offer(id >> SEQUENCE_BITS, key);
CREATE TABLE cell(
    block INTEGER PRIMARY KEY, commit_no INTEGER NOT NULL, cells BLOB NOT NULL);
CREATE INDEX cell_commit ON cell(commit_no);
CREATE VIRTUAL TABLE word USING fts5(
    words, content='', detail=none, columnsize=0, prefix='2 3', tokenize="ascii tokenchars '.'");
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(word, row);
CREATE VIRTUAL TABLE instance USING fts5vocab(word, instance);
CREATE TABLE spelling(
    length INTEGER PRIMARY KEY, followed INTEGER NOT NULL, words TEXT NOT NULL,
    offers BLOB NOT NULL);
CREATE INDEX source_checked ON source(checked_at);
"""


class State(NamedTuple):
    """Where the index stands. Readers read it first in every transaction."""

    version: str
    store: str
    """Id of the store that it follows."""
    begun: int
    """The end of its feed when this index was empty."""
    followed: int
    """Cursor of the last feed entry applied."""
    sites: int
    """Generation of the site table: another number means, load the sites again."""
    offers: int
    """How many offers stand in the index."""
    file: int
    """Another number means another index, of which nothing in memory is true."""
    commits: int
    """How many commits changed cells; a block bears the number of the last that changed it."""
    worded: int
    """The number of the last commit that changed words."""


class Damaged(MalformedInput):
    """What stands in the file was written by nobody, though SQLite reads it."""


class Newer(Exception):
    """What is in memory stands at a later commit than the snapshot: ask again in a new one."""


def connect_for_reading(path: Path, *, is_frozen: bool = False) -> sqlite3.Connection:
    """A read-only connection; sqlite3.Error when there is no such file.

    `is_frozen`: the file as it stands, where nothing can be written beside it.
    """
    uri = frozen_uri(path) if is_frozen else f"{path.absolute().as_uri()}?mode=ro"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    return _prepared(db, _READER_CACHE_KIB)


def connect_for_writing(path: Path) -> sqlite3.Connection:
    """A connection that may write. The caller holds index.lock as long as it is open."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        _prepared(db, _WRITER_CACHE_KIB)
        # Said to an empty file, pages that become free can be given back.
        db.execute("PRAGMA auto_vacuum=INCREMENTAL")
        db.execute("PRAGMA journal_mode=WAL")
        # A power cut may lose the last commits, which are followed again; never pages.
        db.execute("PRAGMA synchronous=NORMAL")
        # Some builds overwrite what is deleted with zeros, which writes pages that nobody reads
        # again; what stands here is public.
        db.execute("PRAGMA secure_delete=OFF")
        # A page that many commits change goes from the log to the file once.
        db.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        db.execute(f"PRAGMA journal_size_limit={_CHECKPOINT_PAGES * 4096}")
    except sqlite3.Error:
        db.close()
        raise
    return db


def _prepared(db: sqlite3.Connection, cache_kib: int) -> sqlite3.Connection:
    db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    db.execute(f"PRAGMA cache_size=-{cache_kib}")
    db.execute("PRAGMA temp_store=MEMORY")
    return db


def read_state(db: sqlite3.Connection) -> State | None:
    """The state, or None when this is no index of ours (an empty file, another layout)."""
    try:
        rows = dict(db.execute("SELECT name, value FROM state"))
        return State(*(rows[name] for name in State._fields))
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        return None  # no such table
    except (KeyError, ValueError):
        return None


def write_state(db: sqlite3.Connection, state: State) -> None:
    """Put the state into the open transaction."""
    db.executemany("INSERT OR REPLACE INTO state VALUES(?, ?)", state._asdict().items())


def create(
    db: sqlite3.Connection, store_id: str, *, begun: int = 0, sites: int = 0, file: int = 0
) -> State:
    """Empty the file and make the tables for a store; one transaction.

    `begun`: the end of its feed; `sites`: the generation to begin with, a later one than readers
    may have seen; `file`: a number that no other index has.
    """
    state = State(
        VERSION, store_id, begun=begun, followed=0, sites=sites, offers=0,
        file=file, commits=0, worded=0,
    )  # fmt: skip
    db.execute("BEGIN IMMEDIATE")
    try:
        _drop_all(db)
        for statement in _TABLES.split(";"):
            db.execute(statement.replace("SEQUENCE_BITS", str(SEQUENCE_BITS)))
        write_state(db, state)
        db.execute("COMMIT")
    except sqlite3.Error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return state


def _drop_all(db: sqlite3.Connection) -> None:
    """Drop whatever tables stand there; virtual ones first, they take their own along."""
    listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE ? ORDER BY name DESC"
    for pattern in ("CREATE VIRTUAL%", "CREATE TABLE%"):
        names = [name for (name,) in db.execute(listed, (pattern,))]
        for name in names:
            if not name.startswith("sqlite_"):
                db.execute(f'DROP TABLE IF EXISTS "{name.replace(chr(34), chr(34) * 2)}"')


# What SQLite says of pages that hold something else than they should: FTS5 reports a format it
# does not know as a plain error, and rows that contradict their index break a constraint. Our
# statements are fixed and tested, so none of these speaks of the statement.
_DAMAGE = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_FORMAT,
    }
)


def is_damage(error: Exception) -> bool:
    """Whether the file itself is damaged, so that only making it anew helps."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        # The module itself says so, without a code, of a text that is none.
        return type(error) is sqlite3.OperationalError if code is None else code & 0xFF in _DAMAGE
    return isinstance(error, Damaged)


def is_missing(error: sqlite3.Error) -> bool:
    """Whether there is no file that could be opened."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CANTOPEN


def remove(path: Path) -> None:
    """Delete a damaged index and its side files. The caller holds index.lock.

    OSError where the system keeps open files (Windows) and somebody reads it just now.
    """
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
