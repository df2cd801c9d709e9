{# dbt-athena tries one insert and falls back to batches when Athena refuses
   the 101st partition. What the refused insert wrote stays in the table's
   folders, so the batches would double it: choose batches beforehand.
   https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html #}
{% macro incremental_insert(
    on_schema_change,
    tmp_relation,
    target_relation,
    existing_relation,
    force_batch,
    statement_name="main"
) %}
    {%- set touched = load_result('get_partitions') -%}
    {%- set limit = config.get('partitions_limit', 100) -%}
    {%- set batches = touched and touched.table.rows | length > limit -%}
    {{ return(dbt_athena.incremental_insert(
        on_schema_change,
        tmp_relation,
        target_relation,
        existing_relation,
        force_batch or batches,
        statement_name
    )) }}
{% endmacro %}
