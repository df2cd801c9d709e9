{{ config(materialized='table', format='textfile', write_compression='gzip', s3_data_naming='table_unique') }}
{{ every_type() }}
