{{ config(materialized='incremental', incremental_strategy='insert_overwrite', partitioned_by=['day']) }}
select id, amount, date(at) as day from {{ source('world', 'events') }}
{% if is_incremental() %} where at >= timestamp '2026-01-02' {% endif %}
