-- Generated from ingestion/events by `make generate`; edit those.
{{ config(alias='stock_adjusted') }}

with arrivals as (
    {{ first_arrivals('stock_adjusted') }}
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
        json_extract_scalar(data, '$.movementId') as movement_id,
        json_extract_scalar(data, '$.merchantId') as merchant_id,
        json_extract_scalar(data, '$.goodId') as good_id,
        cast(json_extract_scalar(data, '$.quantity') as bigint) as quantity,
        json_extract_scalar(data, '$.reason') as reason,
        cast(occurred_at as date) as event_date
    from arrivals
),

settled as (
    {{ with_touched_days('typed') }}
)

select * from settled
