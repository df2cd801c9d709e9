{{ config(
  materialized='incremental', incremental_strategy='insert_overwrite', partitioned_by=['day'],
  temp_schema='sample_tmp', unique_tmp_table_suffix=true, s3_tmp_table_dir='s3://athena-lake/tmp/'
) }}
select id, amount, date(at) as day from {{ source('world', 'events') }}
