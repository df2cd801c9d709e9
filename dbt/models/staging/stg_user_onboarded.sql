-- Generated from ingestion/events by `make generate`; edit those.
{{ config(alias='user_onboarded') }}

with arrivals as (
    {{ first_arrivals('user_onboarded') }}
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
        json_extract_scalar(data, '$.kind') as kind,
        json_extract_scalar(data, '$.displayName') as display_name,
        json_extract_scalar(data, '$.email') as email,
        json_extract_scalar(data, '$.zipCode') as zip_code,
        json_extract_scalar(data, '$.state') as state,
        json_extract_scalar(data, '$.catalogEntryId') as catalog_entry_id,
        cast(occurred_at as date) as event_date
    from arrivals
),

settled as (
    {{ with_touched_days('typed') }}
)

select * from settled
