-- Generated from ingestion/events by `make generate`; edit those.
{{ config(alias='device_linked') }}

with arrivals as (
    {{ first_arrivals('device_linked') }}
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
        json_extract_scalar(data, '$.userId') as user_id,
        json_extract_scalar(data, '$.deviceId') as device_id,
        json_extract_scalar(data, '$.platform') as platform,
        json_extract_scalar(data, '$.replacedDeviceId') as replaced_device_id,
        cast(occurred_at as date) as event_date
    from arrivals
),

settled as (
    {{ with_touched_days('typed') }}
)

select * from settled
