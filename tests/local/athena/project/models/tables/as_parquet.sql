{{ config(materialized='table', format='parquet', write_compression='zstd', s3_data_naming='schema_table_unique') }}
{{ every_type() }}
