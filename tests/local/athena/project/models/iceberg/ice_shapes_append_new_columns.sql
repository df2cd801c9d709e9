{{ config(materialized='incremental', table_type='iceberg', incremental_strategy='append', on_schema_change='append_new_columns') }}
select * from {{ source('world', 'shapes') }}
