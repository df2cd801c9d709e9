-- Generated from ingestion/events by `make generate`; edit those.
{{ config(alias='good_listed') }}

with arrivals as (
    {{ first_arrivals('good_listed') }}
),

typed as (
    select
        event_id,
        occurred_at,
        source,
        correlation_id,
        causation_id,
        arrived_at,
        lake_object,
        json_extract_scalar(data, '$.merchantId') as merchant_id,
        json_extract_scalar(data, '$.goodId') as good_id,
        json_extract_scalar(data, '$.name') as name,
        json_extract_scalar(data, '$.category') as category,
        cast(
            json_extract_scalar(data, '$.pricePoints') as bigint
        ) as price_points,
        cast(
            json_extract_scalar(data, '$.unitPrice') as decimal(18, 4)
        ) as unit_price,
        json_extract_scalar(data, '$.currency') as currency,
        coalesce(
            cast(json_extract_scalar(data, '$.isListed') as boolean), true
        ) as is_listed,
        cast(occurred_at as date) as event_date
    from arrivals
),

settled as (
    {{ with_touched_days('typed') }}
)

select * from settled
