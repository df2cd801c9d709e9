-- Generated from ingestion/events by `make generate`; edit those.
{{ config(alias='goods_issued') }}

with arrivals as (
    {{ first_arrivals('goods_issued') }}
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
        json_extract_scalar(data, '$.goodId') as good_id,
        cast(json_extract_scalar(data, '$.quantity') as bigint) as quantity,
        cast(
            json_extract_scalar(data, '$.unitPrice') as decimal(18, 4)
        ) as unit_price,
        json_extract_scalar(data, '$.currency') as currency,
        json_extract_scalar(data, '$.invoiceId') as invoice_id,
        cast(
            json_extract_scalar(data, '$.invoiceLine') as bigint
        ) as invoice_line,
        cast(occurred_at as date) as event_date
    from arrivals
),

settled as (
    {{ with_touched_days('typed') }}
)

select * from settled
