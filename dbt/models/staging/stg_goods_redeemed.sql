-- Generated from ingestion/events by `make generate`; edit those.
{{ config(alias='goods_redeemed') }}

with arrivals as (
    {{ first_arrivals('goods_redeemed') }}
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
        json_extract_scalar(data, '$.userId') as user_id,
        json_extract_scalar(data, '$.userKind') as user_kind,
        json_extract_scalar(data, '$.merchantId') as merchant_id,
        json_extract_scalar(data, '$.goodId') as good_id,
        cast(json_extract_scalar(data, '$.quantity') as bigint) as quantity,
        cast(json_extract_scalar(data, '$.points') as bigint) as points,
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
