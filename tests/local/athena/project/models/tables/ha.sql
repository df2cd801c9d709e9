{{ config(materialized='table', ha=true, versions_to_keep=2, partitioned_by=['day'], s3_data_naming='table_unique') }}
select id, amount, date(at) as day from {{ source('world', 'events') }}
