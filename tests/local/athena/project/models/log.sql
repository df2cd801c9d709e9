{{ config(materialized='incremental', incremental_strategy='append') }}
select payment_id, customer from {{ ref('payments_view') }}
{% if is_incremental() %} where payment_id > (select max(payment_id) from {{ this }}) {% endif %}
