{{ config(materialized='table', contract={'enforced': true}) }}
select customer, cast(sum(amount) as decimal(38, 2)) as total, count(*) as payments
from {{ ref('payments_view') }} group by customer
