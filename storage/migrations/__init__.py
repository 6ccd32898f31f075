"""The schema's history. Alembic runs it; `run.upgrade` is the only door."""
