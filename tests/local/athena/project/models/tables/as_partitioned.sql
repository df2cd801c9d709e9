{{ config(materialized='table', write_compression='gzip', partitioned_by=['day', 'ok'], s3_data_naming='schema_table') }}
{{ every_type() }}
