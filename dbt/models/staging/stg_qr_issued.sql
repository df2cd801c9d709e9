-- Generated from ingestion/events by `make generate`; edit those.
{{ config(alias='qr_issued') }}

with arrivals as (
    {{ first_arrivals('qr_issued') }}
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
        json_extract_scalar(data, '$.qrId') as qr_id,
        json_extract_scalar(data, '$.officerId') as officer_id,
        cast(
            from_iso8601_timestamp(
                json_extract_scalar(data, '$.expiresAt')
            ) at time zone 'UTC' as timestamp(3)
        ) as expires_at,
        cast(occurred_at as date) as event_date
    from arrivals
),

settled as (
    {{ with_touched_days('typed') }}
)

select * from settled
