{{ config(materialized='table') }}
{{ dbt.date_spine('day', "cast('2026-01-30' as date)", "cast('2026-02-02' as date)") }}
