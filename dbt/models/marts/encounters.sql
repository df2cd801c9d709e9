with recorded as (
    select * from {{ ref('stg_encounter_recorded') }}
),

encounters as (
    select
        transaction_id as encounter_id,
        civilian_id,
        officer_id,
        zip_code,
        method,
        distance_ft,
        points_each,
        occurred_at,
        cast(local_date as date) as encounter_date
    from recorded
)

select * from encounters
