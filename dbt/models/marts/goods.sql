with listings as (
    select * from {{ ref('stg_good_listed') }}
),

storefronts as (
    select
        merchant_id,
        max_by(name, occurred_at) as name
    from {{ ref('stg_storefront_published') }}
    group by merchant_id
),

users as (
    select * from {{ ref('users') }}
),

latest as (
    select
        *,
        row_number() over (
            partition by merchant_id, good_id
            order by occurred_at desc, arrived_at desc, event_id desc
        ) as recency
    from listings
),

goods as (
    select
        l.merchant_id,
        l.good_id,
        coalesce(s.name, users.display_name) as merchant_name,
        l.name,
        l.category,
        l.price_points,
        l.unit_price,
        l.currency,
        l.occurred_at as listed_at,
        l.is_listed
    from latest as l
    left join storefronts as s on l.merchant_id = s.merchant_id
    left join users on l.merchant_id = users.user_id
    where l.recency = 1
)

select * from goods
