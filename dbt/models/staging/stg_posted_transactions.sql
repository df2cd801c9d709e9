-- Generated from ingestion/events by `make generate`; edit those.
{{ config(materialized='view', alias='posted_transactions') }}

select
    'EncounterRecorded' as event_type,
    transaction_id,
    occurred_at,
    recorded_at,
    postings
from {{ ref('stg_encounter_recorded') }}

union all

select
    'GoodsRedeemed' as event_type,
    transaction_id,
    occurred_at,
    recorded_at,
    postings
from {{ ref('stg_goods_redeemed') }}

union all

select
    'MerchantSettled' as event_type,
    transaction_id,
    occurred_at,
    recorded_at,
    postings
from {{ ref('stg_merchant_settled') }}

union all

select
    'PointsDonated' as event_type,
    transaction_id,
    occurred_at,
    recorded_at,
    postings
from {{ ref('stg_points_donated') }}

union all

select
    'PointsGiven' as event_type,
    transaction_id,
    occurred_at,
    recorded_at,
    postings
from {{ ref('stg_points_given') }}

union all

select
    'TransactionReversed' as event_type,
    transaction_id,
    occurred_at,
    recorded_at,
    postings
from {{ ref('stg_transaction_reversed') }}
