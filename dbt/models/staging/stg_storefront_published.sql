-- Generated from ingestion/events by `make generate`; edit those.
{{ config(alias='storefront_published') }}

with arrivals as (
    {{ first_arrivals('storefront_published') }}
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
        json_extract_scalar(data, '$.name') as name,
        coalesce(json_extract_scalar(data, '$.description'), '') as description,
        json_extract_scalar(data, '$.zipCode') as zip_code,
        json_extract_scalar(data, '$.state') as state,
        cast(occurred_at as date) as event_date
    from arrivals
),

settled as (
    {{ with_touched_days('typed') }}
)

select * from settled
