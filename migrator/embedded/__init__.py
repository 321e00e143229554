"""PostgreSQL and Valkey from wheels, run as children of one supervisor. Knows nothing of Crosswalk itself."""
