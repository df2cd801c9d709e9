-- Generated from ingestion/events by `make generate`; edit those.
{{ config(alias='encounter_recorded') }}

with arrivals as (
    {{ first_arrivals('encounter_recorded') }}
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
        json_extract_scalar(data, '$.transactionId') as transaction_id,
        json_extract_scalar(data, '$.civilianId') as civilian_id,
        json_extract_scalar(data, '$.officerId') as officer_id,
        json_extract_scalar(data, '$.method') as method,
        cast(
            json_extract_scalar(data, '$.distanceFt') as double
        ) as distance_ft,
        json_extract_scalar(data, '$.zipCode') as zip_code,
        json_extract_scalar(data, '$.timeZone') as time_zone,
        json_extract_scalar(data, '$.localDate') as local_date,
        cast(
            json_extract_scalar(data, '$.pointsEach') as bigint
        ) as points_each,
        cast(
            from_iso8601_timestamp(
                json_extract_scalar(data, '$.recordedAt')
            ) at time zone 'UTC' as timestamp(3)
        ) as recorded_at,
        cast(
            json_extract(data, '$.postings')
            as array(row(account varchar, points bigint))
        ) as postings,
        cast(occurred_at as date) as event_date
    from arrivals
),

settled as (
    {{ with_touched_days('typed') }}
)

select * from settled
