"""PostgreSQL: engine, tables, unit of work, and one repository per aggregate (SQL in, entities out)."""
