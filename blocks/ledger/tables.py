"""The ledger's tables.  Times are seconds since 1970 (UTC, float); structured values are JSON."""

from sqlalchemy import JSON, Column, Float, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

swap_lock = Table(
    "swap_lock",
    metadata,
    Column("id", Integer, primary_key=True),  # always 1: there is one lock
    Column("holder", String(200), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("token_hash", String(64), nullable=False),
    Column("since", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("boot_id", String(40), nullable=False, server_default=""),
    Column("until_boot", Float),  # on the clock of that boot, which nobody can set
)

lock_passes = Table(
    "lock_passes",
    metadata,
    Column("pass_hash", String(64), primary_key=True),
    Column("until", Float, nullable=False),
    Column("boot_id", String(40), nullable=False, server_default=""),
    Column("until_boot", Float),
)

claims = Table(
    "claims",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("run_id", String(36), nullable=False),
    Column("machine", String(200), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("process_start", String(40), nullable=False),
    Column("claimed_at", Float, nullable=False),
    Column("heartbeat", Float, nullable=False),
    Column("boot_id", String(40), nullable=False, server_default=""),
    Column("beat_boot", Float),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("model", String(200), nullable=False),
    Column("state", String(20), nullable=False),
    Column("phase", String(60), nullable=False),
    Column("progress", Float, nullable=False),
    Column("message", Text, nullable=False),
    Column("started", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Column("ended", Float),
    Column("expected_seconds", Float),
    Column("eta_seconds", Float),
    Column("previous", String(200)),
    Column("plan", JSON),
    Column("result", JSON),
    Index("runs_by_start", "kind", "started"),
)

run_events = Table(
    "run_events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("run_id", String(36), nullable=False, index=True),
    Column("at", Float, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("data", JSON, nullable=False),
    sqlite_autoincrement=True,  # a number is never used twice, or a browser that resumes would miss events
)

launches = Table(
    "launches",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("run_id", String(36), nullable=False),
    Column("model", String(200), nullable=False),
    Column("recipe", JSON, nullable=False),
    Column("argv", JSON, nullable=False),
    Column("hosts", JSON, nullable=False),
    Column("image_id", String(100), nullable=False),
    Column("revision", String(100), nullable=False),
    Column("launched", Float, nullable=False),
    Column("ready", Float),
    Column("ended", Float),
    Column("why_ended", Text),
    Index("launches_by_time", "launched"),
)

seen = Table(
    "seen",
    metadata,
    Column("subject", String(120), primary_key=True),
    Column("at", Float, nullable=False),
    Column("data", JSON, nullable=False),
)

journal = Table(
    "journal",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("data", JSON, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(63), nullable=False),
    Column("shown", String(40), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float),
    Column("revoked", Float),
)
_live = api_keys.c.revoked.is_(None)
Index("live_key_names", api_keys.c.name, unique=True, sqlite_where=_live, postgresql_where=_live)

samples = Table(
    "samples",
    metadata,
    Column("subject", String(120), primary_key=True),
    Column("step", Integer, primary_key=True),  # seconds that one sample stands for
    Column("at", Float, primary_key=True),
    Column("data", JSON, nullable=False),
)

transitions = Table(
    "transitions",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("subject", String(120), nullable=False),
    Column("at", Float, nullable=False),
    Column("state", String(40), nullable=False),
    Column("source", String(120), nullable=False),
    Column("why", Text, nullable=False),
    Index("transitions_by_subject", "subject", "seq"),
    sqlite_autoincrement=True,
)

service_events = Table(
    "service_events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("service", String(63), nullable=False),
    Column("at", Float, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("run_id", String(36), nullable=False),
    Index("service_events_by_service", "service", "seq"),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),  # the order in which a target is told
    Column("id", String(36), nullable=False, unique=True),
    Column("event_id", String(36), nullable=False),
    Column("target", String(63), nullable=False),
    Column("event", String(40), nullable=False),
    Column("at", Float, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try", Float, nullable=False),
    Column("status", Integer),
    Column("error", Text, nullable=False),
    Column("ended", Float),
    Index("deliveries_by_target", "target", "state", "seq"),
    sqlite_autoincrement=True,
)

outside_schedules = Table(
    "outside_schedules",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("owner", String(120), nullable=False),
    Column("what", String(500), nullable=False),
    Column("cron", String(120), nullable=False),
    Column("timezone", String(63), nullable=False),
    Column("next_at", Float),
    Column("updated", Float, nullable=False),
    Index("outside_schedules_by_name", "owner", "name", unique=True),
)

speeds = Table(
    "speeds",
    metadata,
    Column("model", String(200), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),  # since 1970, UTC
    Column("tokens", JSON, nullable=False),
    Column("first", JSON, nullable=False),
)
