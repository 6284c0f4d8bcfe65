"""Facts about addresses: network and country offline, host names by reverse DNS."""
