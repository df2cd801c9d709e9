-- Generated from ingestion/events by `make generate`; edit those.
{{ config(alias='position_reported') }}

with arrivals as (
    {{ first_arrivals('position_reported') }}
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
        json_extract_scalar(data, '$.deviceId') as device_id,
        json_extract_scalar(data, '$.userId') as user_id,
        json_extract_scalar(data, '$.kind') as kind,
        cast(json_extract_scalar(data, '$.latitude') as double) as latitude,
        cast(json_extract_scalar(data, '$.longitude') as double) as longitude,
        cast(json_extract_scalar(data, '$.accuracyM') as double) as accuracy_m,
        cast(occurred_at as date) as event_date
    from arrivals
),

settled as (
    {{ with_touched_days('typed') }}
)

select * from settled
