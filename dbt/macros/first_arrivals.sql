{# Raw rows of a table that this model does not hold yet, one per event id: the
   first to arrive. A full run reads everything; so does a run after one that
   died while it replaced partitions, or after a contract gained a field. #}
{% macro first_arrivals(table) %}
    select
        event_id,
        event_version,
        occurred_at,
        source,
        correlation_id,
        causation_id,
        data,
        arrived_at,
        lake_object
    from (
        select
            *,
            "$path" as lake_object,
            row_number() over (
                partition by event_id
                order by arrived_at, sequence_number, "$path"
            ) as arrival
        from {{ source('raw', table) }}
        {% if reads_new_objects_only() %}
        where
            dt in ({{ days_of_new_objects(table) }})
            and "$path" not in (select lake_object from {{ this }})
        {% endif %}
    )
    where
        arrival = 1
        {% if is_incremental() and not has_other_columns() %}
        and event_id not in (select event_id from {{ this }})
        {% endif %}
{% endmacro %}


{# All columns of the model over its new rows and, in an incremental run, the
   rows it already holds of the same event dates: what the run overwrites. #}
{% macro with_touched_days(new_rows) %}
    {%- set columns = model.columns | join(', ') -%}
    select {{ columns }} from {{ new_rows }}
    {% if is_incremental() and not has_other_columns() %}
    union all
    select {{ columns }} from {{ this }}
    where event_date in (select event_date from {{ new_rows }})
    {% endif %}
{% endmacro %}


{# Athena skips files by a list of days, not by a subquery. #}
{% macro days_of_new_objects(table) %}
    {%- set days = run_query(
        'select distinct dt from ' ~ source('raw', table)
        ~ ' where "$path" not in (select lake_object from ' ~ this ~ ')'
    ).columns[0].values() -%}
    {{- "'" ~ ((days or ['']) | sort | join("', '")) ~ "'" -}}
{% endmacro %}


{% macro reads_new_objects_only() %}
    {{ return(
        is_incremental() and not has_other_columns() and not was_interrupted()
    ) }}
{% endmacro %}


{# The table lacks a column of the contract: rewrite every day with it. #}
{% macro has_other_columns() %}
    {%- set held = adapter.get_columns_in_relation(this)
        | map(attribute='name') | list -%}
    {{ return((model.columns | reject('in', held) | list | length) > 0) }}
{% endmacro %}


{# dbt-athena drops its temporary table last, after days were replaced. #}
{% macro was_interrupted() %}
    {{ return(adapter.get_relation(
        this.database, this.schema, this.identifier ~ '__dbt_tmp'
    ) is not none) }}
{% endmacro %}
