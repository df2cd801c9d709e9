with postings as (
    select * from {{ ref('int_postings') }}
)

select
    posting_id,
    transaction_id,
    event_type,
    account_id,
    account_type,
    user_id,
    points,
    occurred_at,
    recorded_at,
    occurred_date,
    is_reversal
from postings
