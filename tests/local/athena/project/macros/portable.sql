{% macro surrogate_key(fields) %}
{%- set parts = [] -%}
{%- for field in fields -%}
{%- do parts.append("coalesce(cast(" ~ field ~ " as " ~ dbt.type_string() ~ "), '_null_')") -%}
{%- if not loop.last %}{%- do parts.append("'-'") -%}{%- endif -%}
{%- endfor -%}
{{ dbt.hash(dbt.concat(parts)) }}
{% endmacro %}

{% macro columns_of(relation, except=[]) %}
{%- for column in adapter.get_columns_in_relation(relation) if column.name not in except -%}
{{ adapter.quote(column.name) }}{{ ", " if not loop.last }}
{%- endfor -%}
{% endmacro %}

{% macro values_of(relation, column) %}
{%- call statement('values_of', fetch_result=true) %}
select {{ column }} as value from {{ relation }} group by {{ column }} order by count(*) desc, 1
{% endcall -%}
{{ return(load_result('values_of')['data'] | map(attribute=0) | list) }}
{% endmacro %}

{% macro pivot(column, values) %}
{%- for value in values %}
sum(case when {{ column }} = '{{ value }}' then 1 else 0 end) as {{ adapter.quote(value) }}{{ "," if not loop.last }}
{%- endfor -%}
{% endmacro %}

{% macro deduplicate(relation, by, order) %}
select {{ columns_of(relation) }} from (
  select *, row_number() over (partition by {{ by }} order by {{ order }}) as rn from {{ relation }}
) as numbered
where rn = 1
{% endmacro %}

{% macro union_relations(relations) %}
{%- set superset = {} -%}
{%- for relation in relations %}{%- for column in adapter.get_columns_in_relation(relation) -%}
{%- if column.column not in superset %}{%- do superset.update({column.column: column}) -%}{% endif -%}
{%- endfor %}{% endfor -%}
{%- for relation in relations %}
(
  select cast({{ dbt.string_literal(relation) }} as {{ dbt.type_string() }}) as _dbt_source_relation,
  {%- for name, column in superset.items() %}
  {%- set here = adapter.get_columns_in_relation(relation) | map(attribute='column') | list %}
  cast({{ adapter.quote(name) if name in here else 'null' }} as {{ dml_data_type(column.data_type) }}) as {{ adapter.quote(name) }}{{ "," if not loop.last }}
  {%- endfor %}
  from {{ relation }}
)
{{ "union all" if not loop.last }}
{%- endfor -%}
{% endmacro %}

{% macro note(about) %}
{% do run_query("insert into " ~ target.schema ~ ".audit values ('operation', '" ~ about ~ "')") %}
{% set found = run_query("select about from " ~ target.schema ~ ".audit where what = 'operation'") %}
{{ log("noted " ~ found.columns[0].values()[0], info=true) }}
{% endmacro %}
