"""The HTTP API, live updates, sign-in, and the pages; stands on the views' tables and decides nothing itself."""
