{{ config(materialized='incremental', table_type='iceberg', incremental_strategy='merge', unique_key='id',
          delete_condition="src.kind = 'b' and src.amount > 4", on_schema_change='append_new_columns') }}
select id, kind, amount from {{ source('world', 'events') }}
