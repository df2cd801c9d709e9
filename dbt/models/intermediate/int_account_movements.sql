with postings as (
    select * from {{ ref('postings') }}
),

transactions as (
    select
        transaction_id,
        bool_or(account_type = 'mint') as is_minted,
        bool_or(account_type = 'expired') as is_expired,
        bool_or(account_type in ('merchant', 'burn')) as is_spent
    from postings
    group by transaction_id
),

movements as (
    select
        p.posting_id,
        p.account_id,
        p.user_id,
        p.occurred_date,
        p.points,
        case
            when p.is_reversal then 'reversed'
            when p.points > 0 and t.is_minted then 'earned'
            when p.points > 0 then 'received'
            when t.is_expired then 'expired'
            when t.is_spent then 'redeemed'
            when p.event_type = 'PointsDonated' then 'donated'
            when p.event_type = 'PointsGiven' then 'given'
        end as movement
    from postings as p
    inner join transactions as t on p.transaction_id = t.transaction_id
    where p.account_type in ('user', 'merchant')
)

select * from movements
