"""What recurrent networks are, stated as properties over random shapes, cells and backends."""
