"""Whether a report is genuine: Authentication-Results, DKIM, and the reporter they prove."""
