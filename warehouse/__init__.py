"""The store: Parquet files, their schema, and SQL over them."""
