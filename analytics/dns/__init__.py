"""What a domain publishes: DMARC, SPF and MX records, looked up and stored with dates."""
