"""What each field and mutation does: from typed context and checked arguments to entities. No SQL, no schema."""
