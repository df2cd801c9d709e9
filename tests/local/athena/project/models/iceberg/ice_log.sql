{{ config(materialized='incremental', table_type='iceberg', incremental_strategy='append') }}
select id, kind from {{ source('world', 'events') }}
{% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}
