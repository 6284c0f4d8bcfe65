"""The Streamlit dashboard: server, session, components, screens."""
