with onboardings as (
    select * from {{ ref('stg_user_onboarded') }}
),

owners as (
    select distinct user_id from {{ ref('stg_device_linked') }}
),

users as (
    select
        o.user_id,
        o.kind,
        o.display_name,
        o.zip_code,
        o.state,
        o.occurred_at as onboarded_at,
        o.event_date as onboarded_date,
        owners.user_id is not null as has_device
    from onboardings as o
    left join owners on o.user_id = owners.user_id
)

select * from users
