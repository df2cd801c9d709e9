-- Generated from ingestion/events by `make generate`; edit those.
{{ config(alias='catalog_entry_changed') }}

with arrivals as (
    {{ first_arrivals('catalog_entry_changed') }}
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
        json_extract_scalar(data, '$.catalog') as catalog,
        json_extract_scalar(data, '$.entryId') as entry_id,
        json_extract_scalar(data, '$.change') as change,
        json_extract_scalar(data, '$.name') as name,
        json_extract_scalar(data, '$.city') as city,
        json_extract_scalar(data, '$.state') as state,
        json_extract_scalar(data, '$.zipCode') as zip_code,
        json_extract_scalar(data, '$.subsection') as subsection,
        json_extract_scalar(data, '$.status') as status,
        json_extract_scalar(data, '$.deductibility') as deductibility,
        json_extract_scalar(data, '$.nteeCode') as ntee_code,
        cast(
            json_extract(data, '$.changedFields') as array(varchar)
        ) as changed_fields,
        json_extract_scalar(data, '$.snapshot') as snapshot,
        cast(occurred_at as date) as event_date
    from arrivals
),

settled as (
    {{ with_touched_days('typed') }}
)

select * from settled
