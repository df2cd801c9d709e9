{# Unique and not null in one query: each dbt node opens a client of its own. #}
{% test is_key(model, columns=none, column_name=none) %}
    {%- set key = columns or [column_name] %}

select
    {{ key | join(', ') }},
    count(*) as occurrences
from {{ model }}
group by {{ key | join(', ') }}
having
    count(*) > 1
    {%- for column in key %}
    or {{ column }} is null
    {%- endfor %}

{% endtest %}
