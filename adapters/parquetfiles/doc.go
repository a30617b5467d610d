// Package parquetfiles writes rows of PostgreSQL as files of Apache Parquet, for those who
// read them with DuckDB, pandas and the like. It owns what a column's type becomes.
package parquetfiles
