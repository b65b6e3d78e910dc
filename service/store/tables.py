"""Tables. Times are integer milliseconds since 1970 UTC; JSON is kept as text so that both databases hold the same bytes.

`assessments`, `decisions` and `audit` are only ever added to (purging empties the texts, never the rows); `incidents` holds the present state that
the queue is ordered by.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text

from service.repeats.tables import tables as repeat_tables

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s", "uq": "uq_%(table_name)s_%(column_0_name)s"}
)  # fmt: skip

KEY = String(140)  # an incident's key: the client's incident id, or one that the store gave

meta = Table("meta", metadata, Column("name", String(64), primary_key=True), Column("value", Text, nullable=False))

incidents = Table(
    "incidents",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("incident_id", String(128), nullable=False, index=True),  # what the answer says
    Column("received_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("station", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("versions", Integer, nullable=False),
    Column("assessment", String(40), nullable=False),  # the newest
    Column("status", String(16), nullable=False),  # open · decided · closed
    Column("profile", String(64), nullable=False),
    Column("levels", Integer, nullable=False),  # how many colours the profile has
    Column("machine_colour", String(32), nullable=False),
    Column("machine_rank", Integer, nullable=False),
    Column("colour", String(32), nullable=False),  # as it stands: the highest seen, until a person lowers it
    Column("rank", Integer, nullable=False),
    Column("urgency", Integer, nullable=False),  # as the queue is ordered
    Column("category", String(32), nullable=False),
    Column("dispute", String(32), nullable=False),
    Column("script", String(64), nullable=False),
    Column("needs_review", Boolean, nullable=False),
    Column("shadow", Boolean, nullable=False),
    Column("longitude", Integer),  # thousandths of a degree, about 100 m: enough for a map of where it is busy, too little for a door
    Column("latitude", Integer),
    Index("ix_incidents_queue", "status", "urgency", "rank", "received_at", "key"),
    Index("ix_incidents_received", "received_at"),
)

assessments = Table(
    "assessments",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("incident", KEY, ForeignKey("incidents.key"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("actor", String(128), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("input_hash", String(64), nullable=False),
    Column("payload", Text),  # the incident as JSON; null where only its hash is kept, or after a purge
    Column("answer", Text),  # byte for byte as answered; without quotes where only hashes are kept or after a purge
    Column("answer_hash", String(64), nullable=False),
    Column("whole", Boolean, nullable=False),  # whether `answer` is what was answered
    Column("colour", String(32), nullable=False),
    Column("rules", String(80), nullable=False),
    Index("ix_assessments_incident", "incident", "version", unique=True),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("incident", KEY, ForeignKey("incidents.key"), nullable=False),
    Column("assessment", String(40), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),  # applied · pending · withdrawn
    Column("from_colour", String(32), nullable=False),
    Column("to_colour", String(32), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("second", String(128)),
    Column("purpose", String(16), nullable=False),
    Column("reason", Text),
    Column("reason_hash", String(64)),
    Column("settles", String(40)),  # the pending decision that this one confirms or withdraws
    Index("ix_decisions_incident", "incident", "at"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", KEY, nullable=False, index=True),
    Column("detail", Text, nullable=False),
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("vouches", Boolean, nullable=False),  # the key of a system that names its own officers
    Column("purpose", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key", String(64), primary_key=True),  # hash over who, route and the client's key
    Column("fingerprint", String(64), nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("status", Integer, nullable=False),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

repeats = repeat_tables(metadata)  # the memory of calls: keyed hashes and roll-ups, in the same transactions

case_steps = Table(
    "case_steps",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("incident", KEY, ForeignKey("incidents.key"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("step", String(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("unit", String(64), nullable=False),
    Column("due", BigInteger),  # by when the next step is to be done
    Column("result", String(64), nullable=False),
    Column("note", Text),
    Index("ix_case_steps_incident", "incident", "number", unique=True),
)

case_visits = Table(
    "case_visits",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("incident", KEY, ForeignKey("incidents.key"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("outcome", String(32), nullable=False),  # as the loop's rules have it
    Column("note", Text),
    Index("ix_case_visits_incident", "incident", "at"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("actor", String(128), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("status", String(16), nullable=False),  # queued · running · done · failed · cancelled
    Column("given", String(16), nullable=False),  # suffix of the input
    Column("wanted", String(16), nullable=False),  # suffix of the result
    Column("options", Text, nullable=False),
    Column("records", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("rejects", Integer, nullable=False),
    Column("code", String(16), nullable=False),  # of the error, where it failed
    Column("owner", String(64), nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("fault", Text),  # JSON: title, reason and remedy of the error, never what was seen in the file
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("url", Text, nullable=False),
    Column("secret", String(64), nullable=False),
    Column("actions", String(128), nullable=False),
    Column("form", String(16), nullable=False),
    Column("least", Integer, nullable=False),  # least rank of the colour that is told of
    Column("ended", BigInteger),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("webhook", String(40), ForeignKey("webhooks.id"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),  # pending · delivered · dead
    Column("attempts", Integer, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("status", Integer, nullable=False),  # the last answer; 0 for none
    Index("ix_deliveries_due", "state", "due"),
    Index("ix_deliveries_webhook", "webhook", "seq", unique=True),
)
