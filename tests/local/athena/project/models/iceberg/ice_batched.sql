{{ config(materialized='incremental', table_type='iceberg', incremental_strategy='merge', unique_key=['id'],
          force_batch=true, partitioned_by=['day'], update_condition='target.amount < src.amount',
          merge_exclude_columns=['kind']) }}
select id, kind, amount, date(at) as day from {{ source('world', 'events') }}
