with movements as (
    select * from {{ ref('int_account_movements') }}
),

users as (
    select * from {{ ref('users') }}
),

accounts as (
    select
        account_id,
        user_id,
        min(occurred_date) as first_date,
        max(max(occurred_date)) over () as last_date
    from movements
    group by account_id, user_id
),

entries as (
    select
        account_id,
        user_id,
        occurred_date,
        movement,
        points
    from movements
    union all
    select
        a.account_id,
        a.user_id,
        d.day as occurred_date,
        'none' as movement,
        0 as points
    from accounts as a
    cross join
        unnest(sequence(a.first_date, a.last_date, interval '1' day)) as d (day)
),

days as (
    select
        account_id,
        user_id,
        occurred_date as balance_date,
        sum(points) as net,
        sum(if(movement = 'earned', points, 0)) as earned,
        sum(if(movement = 'received', points, 0)) as received,
        sum(if(movement = 'given', -points, 0)) as given,
        sum(if(movement = 'donated', -points, 0)) as donated,
        sum(if(movement = 'redeemed', -points, 0)) as redeemed,
        sum(if(movement = 'expired', -points, 0)) as expired,
        sum(if(movement = 'reversed', points, 0)) as reversed
    from entries
    group by account_id, user_id, occurred_date
),

balances_per_day as (
    select
        d.account_id,
        d.user_id,
        users.kind as user_kind,
        d.balance_date,
        sum(d.net) over so_far - d.net as opening,
        d.earned,
        d.received,
        d.given,
        d.donated,
        d.redeemed,
        d.expired,
        d.reversed,
        sum(d.net) over so_far as closing
    from days as d
    left join users on d.user_id = users.user_id
    window so_far as (
        partition by d.account_id order by d.balance_date
        rows between unbounded preceding and current row
    )
)

select * from balances_per_day
