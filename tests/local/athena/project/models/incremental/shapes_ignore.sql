{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='ignore') }}
select * from {{ source('world', 'wider') }}
