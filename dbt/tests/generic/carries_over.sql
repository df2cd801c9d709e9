{# No day is missing between first and last, each opens with what the day
   before left, and the first opens with nothing. #}
{% test carries_over(model, per, day) %}

select *
from (
    select
        opening,
        {{ day }} as this_day,
        lag({{ day }}) over the_days as day_before,
        lag(closing, 1, 0) over the_days as carried
    from {{ model }}
    window the_days as (
        partition by {{ per | join(', ') }} order by {{ day }}
    )
)
where
    opening <> carried
    or date_diff('day', day_before, this_day) <> 1

{% endtest %}
