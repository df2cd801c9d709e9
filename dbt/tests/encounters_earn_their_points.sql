with encounters as (
    select * from {{ ref('encounters') }}
),

earned as (
    select
        transaction_id,
        sum(points) as points
    from {{ ref('postings') }}
    where points > 0
    group by transaction_id
)

select
    e.encounter_id,
    e.points_each,
    earned.points
from encounters as e
left join earned on e.encounter_id = earned.transaction_id
where coalesce(earned.points, 0) <> 2 * e.points_each
