"""What we have: typed settings kept in Prefect, the shared ledger, and the pure decisions on them."""
