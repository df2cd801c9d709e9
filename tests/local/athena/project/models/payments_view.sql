select payment_id, customer, cast(amount as decimal(10, 2)) as amount, paid_on, to_hex(md5(to_utf8(customer))) as customer_key
from {{ ref('payments') }}
