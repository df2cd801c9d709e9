{{ config(materialized='incremental', table_type='iceberg', incremental_strategy='merge', unique_key='n') }}
select 1 as n
