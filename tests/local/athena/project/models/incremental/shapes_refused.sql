{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail') }}
select * from {{ source('world', 'wider') }}
