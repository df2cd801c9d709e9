{{ config(materialized='incremental', incremental_strategy='insert_overwrite', partitioned_by=['paid_on']) }}
select payment_id, customer, amount, paid_on from {{ ref('payments_view') }}
{% if is_incremental() %} where paid_on >= date '2026-01-02' {% endif %}
