select
  payment_id,
  customer,
  cast(amount as decimal(10, 2)) as amount,
  paid_on
from {{ ref('payments') }}
