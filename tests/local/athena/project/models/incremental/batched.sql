{{ config(
  materialized='incremental', incremental_strategy='insert_overwrite',
  partitioned_by=['kind', 'day'], force_batch=true, partitions_limit=2
) }}
select id, amount, kind, date(at) as day from {{ source('world', 'events') }}
