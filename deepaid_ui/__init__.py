"""What the dashboard's pages share; with them, the only code that imports Streamlit."""
