"""What is known of an address: network and country offline, reverse DNS on its own step."""
