with movements as (
    select * from {{ ref('int_stock_movements') }}
),

goods as (
    select
        merchant_id,
        good_id,
        min(event_date) as first_date,
        max(max(event_date)) over (partition by merchant_id) as last_date
    from movements
    group by merchant_id, good_id
),

entries as (
    select
        merchant_id,
        good_id,
        event_date,
        movement,
        units
    from movements
    union all
    select
        g.merchant_id,
        g.good_id,
        d.day as event_date,
        'none' as movement,
        0 as units
    from goods as g
    cross join
        unnest(sequence(g.first_date, g.last_date, interval '1' day)) as d (day)
),

days as (
    select
        merchant_id,
        good_id,
        event_date as stock_date,
        sum(units) as net,
        sum(if(movement = 'received', units, 0)) as received,
        sum(if(movement = 'estimated_received', units, 0))
            as estimated_received,
        sum(if(movement = 'redeemed', -units, 0)) as redeemed,
        sum(if(movement = 'issued', -units, 0)) as issued,
        sum(if(movement = 'returned', units, 0)) as returned,
        sum(if(movement = 'adjusted', units, 0)) as adjusted
    from entries
    group by merchant_id, good_id, event_date
),

stock_per_day as (
    select
        merchant_id,
        good_id,
        stock_date,
        sum(net) over so_far - net as opening,
        received,
        estimated_received,
        redeemed,
        issued,
        returned,
        adjusted,
        sum(net) over so_far as closing,
        sum(net) over so_far
        / nullif(avg(cast(redeemed + issued as double)) over last_28_days, 0)
            as days_of_cover
    from days
    window
        so_far as (
            partition by merchant_id, good_id order by stock_date
            rows between unbounded preceding and current row
        ),
        last_28_days as (
            partition by merchant_id, good_id order by stock_date
            rows between 27 preceding and current row
        )
)

select * from stock_per_day
