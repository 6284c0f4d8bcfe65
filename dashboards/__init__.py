"""What a person looks at: the command line and the Streamlit screens."""
