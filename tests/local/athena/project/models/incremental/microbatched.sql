{{ config(
  materialized='incremental', incremental_strategy='microbatch', partitioned_by=['day'],
  event_time='at', batch_size='day', begin='2026-01-01'
) }}
select id, amount, at, date(at) as day from {{ source('world', 'events') }}
