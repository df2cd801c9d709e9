-- depends_on: {{ ref('payments_view') }}
{{ config(materialized='table') }}
{% set names = values_of(ref('payments_view'), 'customer') if execute else ['x'] %}
select paid_on, {{ pivot('customer', names) }} from {{ ref('payments_view') }} group by 1
