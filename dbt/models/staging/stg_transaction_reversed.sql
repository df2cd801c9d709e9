-- Generated from ingestion/events by `make generate`; edit those.
{{ config(alias='transaction_reversed') }}

with arrivals as (
    {{ first_arrivals('transaction_reversed') }}
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
        json_extract_scalar(data, '$.reversedTransactionId')
            as reversed_transaction_id,
        json_extract_scalar(data, '$.reversedEventType') as reversed_event_type,
        json_extract_scalar(data, '$.reason') as reason,
        json_extract_scalar(data, '$.returnedGoods.merchantId')
            as returned_goods_merchant_id,
        json_extract_scalar(data, '$.returnedGoods.goodId')
            as returned_goods_good_id,
        cast(
            json_extract_scalar(data, '$.returnedGoods.quantity') as bigint
        ) as returned_goods_quantity,
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
