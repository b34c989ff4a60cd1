"""Files and feeds into bronze."""
