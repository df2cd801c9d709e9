{{ config(materialized='table', table_type='iceberg') }}
select 1 as n
