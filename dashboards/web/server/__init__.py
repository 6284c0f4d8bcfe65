"""What serves the dashboard: the app's frame, the socket, guards, prefetch."""
