"""The memory of calls in a database: SQLite for a station, PostgreSQL for a bureau; the same answers as the ledger in memory."""
