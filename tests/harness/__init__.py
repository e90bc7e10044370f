"""What tests stand on: a migrated database each, a running server, a client, a recorder of SQL."""
