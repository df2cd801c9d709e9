{% test sums_to_zero(model, column_name, per) %}

select {{ per }}
from {{ model }}
group by {{ per }}
having sum({{ column_name }}) <> 0

{% endtest %}
