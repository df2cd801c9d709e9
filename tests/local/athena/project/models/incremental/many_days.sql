{{ config(materialized='incremental', incremental_strategy='insert_overwrite', partitioned_by=['day']) }}
select cast(row_number() over (order by d) as integer) as n, d as day
from unnest(sequence(date '2026-01-01', date '2026-04-13', interval '1' day)) as days(d)
