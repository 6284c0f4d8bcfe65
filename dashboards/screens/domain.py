"""Where one domain stands."""

import streamlit as st

st.title("Domain")
