with transactions as (
    select * from {{ ref('stg_posted_transactions') }}
),

legs as (
    select
        t.transaction_id,
        t.event_type,
        t.occurred_at,
        t.recorded_at,
        leg.account as account_id,
        leg.points,
        leg.ordinal
    from transactions as t
    cross join
        unnest(t.postings) with ordinality as leg (account, points, ordinal)
),

postings as (
    select
        transaction_id || '/' || cast(ordinal as varchar) as posting_id,
        transaction_id,
        event_type,
        account_id,
        split_part(account_id, ':', 1) as account_type,
        case
            when strpos(account_id, ':') > 0
                then split_part(account_id, ':', 2)
        end as user_id,
        points,
        occurred_at,
        recorded_at,
        cast(occurred_at as date) as occurred_date,
        event_type = 'TransactionReversed' as is_reversal
    from legs
)

select * from postings
