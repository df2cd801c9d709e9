{{ config(materialized='incremental', table_type='iceberg', incremental_strategy='append', on_schema_change='sync_all_columns') }}
select * from {{ source('world', 'shapes') }}
