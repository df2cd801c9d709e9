{{ config(materialized='table', bucketed_by=['n'], bucket_count=4) }}
select 1 as n
