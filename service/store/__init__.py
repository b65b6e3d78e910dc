"""The store: SQLite for a station, PostgreSQL for a bureau, one interface."""
