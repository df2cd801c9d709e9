-- Generated from ingestion/events by `make generate`; edit those.
{{ config(alias='officer_nearby') }}

with arrivals as (
    {{ first_arrivals('officer_nearby') }}
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
        json_extract_scalar(data, '$.civilianId') as civilian_id,
        json_extract_scalar(data, '$.officerId') as officer_id,
        cast(json_extract_scalar(data, '$.radiusM') as double) as radius_m,
        cast(occurred_at as date) as event_date
    from arrivals
),

settled as (
    {{ with_touched_days('typed') }}
)

select * from settled
