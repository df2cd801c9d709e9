{# Raw rows of a table that the model does not hold yet, one per event id: the
   first to arrive. A run reads only objects that no row came from, except
   after one that died while it replaced days: then it compares every event. #}
{% macro first_arrivals(table) %}
    {%- set keeps = keeps_rows() -%}
    select *
    from (
        select
            event_id,
            event_version,
            occurred_at,
            source,
            correlation_id,
            causation_id,
            data,
            arrived_at,
            "$path" as lake_object,
            row_number() over (
                partition by event_id
                order by arrived_at, sequence_number, "$path"
            ) as arrival
        from {{ source('raw', table) }}
        {% if keeps and not was_interrupted() %}
        where
            dt in ({{ days_of_new_objects(table) }})
            and "$path" not in (select lake_object from {{ this }})
        {% endif %}
    )
    where
        arrival = 1
        {% if keeps %}
        and event_id not in (select event_id from {{ this }})
        {% endif %}
{% endmacro %}


{# All columns of the model over its new rows and over the rows it already holds
   of the same event dates: what the run overwrites. #}
{% macro with_touched_days(new_rows) %}
    {%- set columns = model.columns | join(', ') -%}
    select {{ columns }} from {{ new_rows }}
    {% if keeps_rows() %}
    union all
    select {{ columns }} from {{ this }}
    where event_date in (select event_date from {{ new_rows }})
    {% endif %}
{% endmacro %}


{# Whether rows of earlier runs stay. When the contract gained a field they do
   not: every day is written again with it. #}
{% macro keeps_rows() %}
    {%- if not is_incremental() -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set held = adapter.get_columns_in_relation(this)
        | map(attribute='name') | list -%}
    {{ return((model.columns | reject('in', held) | list | length) == 0) }}
{% endmacro %}


{# dbt-athena drops its temporary table last, after days were replaced. #}
{% macro was_interrupted() %}
    {{ return(adapter.get_relation(
        this.database, this.schema, this.identifier ~ '__dbt_tmp'
    ) is not none) }}
{% endmacro %}


{# Written out, because Athena skips files by a list but not by a subquery. #}
{% macro days_of_new_objects(table) %}
    {%- set days = run_query(
        'select distinct dt from ' ~ source('raw', table)
        ~ ' where "$path" not in (select lake_object from ' ~ this ~ ')'
    ).columns[0].values() -%}
    {{- "'" ~ ((days or ['']) | sort | join("', '")) ~ "'" -}}
{% endmacro %}
