{# dbt-athena tries one insert and falls back to batches when Athena refuses
   the 101st partition. What the refused insert wrote stays in the table's
   folders and the batches would double it, so insert in batches at once.
   https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html #}
{% macro incremental_insert(
    on_schema_change,
    tmp_relation,
    target_relation,
    existing_relation,
    force_batch,
    statement_name="main"
) %}
    {{ return(dbt.incremental_insert(
        on_schema_change,
        tmp_relation,
        target_relation,
        existing_relation,
        true,
        statement_name
    )) }}
{% endmacro %}
