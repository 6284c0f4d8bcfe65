"""Verifies reports: by Authentication-Results or DKIM, and the reporter that they prove."""
