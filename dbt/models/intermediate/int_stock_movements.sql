with receipts as (
    select * from {{ ref('stg_stock_received') }}
),

adjustments as (
    select * from {{ ref('stg_stock_adjusted') }}
),

issues as (
    select * from {{ ref('stg_goods_issued') }}
),

redemptions as (
    select * from {{ ref('stg_goods_redeemed') }}
),

returns as (
    select * from {{ ref('stg_transaction_reversed') }}
    where returned_goods_good_id is not null
),

movements as (
    select
        event_id,
        merchant_id,
        good_id,
        event_date,
        if(is_estimated, 'estimated_received', 'received') as movement,
        quantity as units
    from receipts
    union all
    select
        event_id,
        merchant_id,
        good_id,
        event_date,
        'adjusted' as movement,
        quantity as units
    from adjustments
    union all
    select
        event_id,
        merchant_id,
        good_id,
        event_date,
        'issued' as movement,
        -quantity as units
    from issues
    union all
    select
        event_id,
        merchant_id,
        good_id,
        event_date,
        'redeemed' as movement,
        -quantity as units
    from redemptions
    union all
    select
        event_id,
        returned_goods_merchant_id as merchant_id,
        returned_goods_good_id as good_id,
        event_date,
        'returned' as movement,
        returned_goods_quantity as units
    from returns
)

select * from movements
