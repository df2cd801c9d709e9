{% macro every_type() %}
select
  1 as n, cast('a' as varchar) as word, cast(null as varchar) as nothing, 1.5e0 as half,
  timestamp '2026-01-02 03:04:05.678' as at, cast(12.34 as decimal(10, 2)) as price,
  date '2026-01-02' as day, true as ok
union all
select
  -2, 'b,"c"', '', 1e16, timestamp '1969-12-31 23:59:59.999', cast(-0.05 as decimal(10, 2)),
  date '1969-12-31', false
{% endmacro %}
