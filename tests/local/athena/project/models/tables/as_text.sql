{{ config(materialized='table', format='textfile', field_delimiter='|', write_compression='none', s3_data_naming='table') }}
{{ every_type() }}
