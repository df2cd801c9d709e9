{% set ts = "timestamp '2026-02-10 11:12:13.456'" %}
{% set cases = [
  ("concat", dbt.concat(["'a'", "'b'"]), "ab"),
  ("hash", dbt.hash("'ann'"), "7e0d7f8a5d96c24ffcc840f31bce72b2"),
  ("split_part", dbt.split_part("'a|b|c'", "'|'", 2), "b"),
  ("last_day of month", dbt.last_day("date '2026-02-10'", "month"), "2026-02-28"),
  ("last_day of quarter", dbt.last_day("date '2026-02-10'", "quarter"), "2026-03-31"),
  ("right", dbt.right("'abcdef'", 2), "ef"),
  ("right of nothing", dbt.right("'abcdef'", 0), ""),
  ("position", dbt.position("'c'", "'abc'"), "3"),
  ("length", dbt.length("'zoë'"), "3"),
  ("replace", dbt.replace("'a-b'", "'-'", "'+'"), "a+b"),
  ("literal", dbt.string_literal(dbt.escape_single_quotes("they're")), "they're"),
  ("safe_cast of text", dbt.safe_cast("'x'", api.Column.translate_type("integer")), none),
  ("safe_cast of a number", dbt.safe_cast("'12'", api.Column.translate_type("integer")), "12"),
  ("cast", dbt.cast("'1.5'", dbt.type_numeric()), "1.500000"),
  ("bool to text", dbt.cast_bool_to_text("1 = 1"), "true"),
  ("array_construct", "array_join(" ~ dbt.array_construct(["1", "2"]) ~ ", ',')", "1,2"),
  ("array_construct of nothing", "cardinality(" ~ dbt.array_construct([], "integer") ~ ")", "0"),
  ("array_append", "array_join(" ~ dbt.array_append("array[1]", "2") ~ ", ',')", "1,2"),
  ("array_concat", "array_join(" ~ dbt.array_concat("array[1]", "array[2, 3]") ~ ", ',')", "1,2,3"),
  ("date_trunc", dbt.date_trunc("month", "date '2026-02-10'"), "2026-02-01"),
  ("date_trunc of a time", dbt.date_trunc("hour", ts), "2026-02-10 11:00:00.000"),
  ("dateadd day", dbt.dateadd("day", -10, "date '2026-02-10'"), "2026-01-31"),
  ("dateadd month", dbt.dateadd("month", 1, "date '2026-01-31'"), "2026-02-28"),
  ("dateadd second", dbt.dateadd("second", 50, ts), "2026-02-10 11:13:03.456"),
  ("datediff year", dbt.datediff("date '2024-12-31'", "date '2026-01-01'", "year"), "2"),
  ("datediff quarter", dbt.datediff("date '2025-12-31'", "date '2026-04-01'", "quarter"), "2"),
  ("datediff month", dbt.datediff("date '2025-12-31'", "date '2026-02-01'", "month"), "2"),
  ("datediff week", dbt.datediff("date '2026-01-01'", "date '2026-01-19'", "week"), "3"),
  ("datediff day", dbt.datediff("timestamp '2025-12-31 23:59:59'", "date '2026-01-02'", "day"), "2"),
  ("datediff hour", dbt.datediff("timestamp '2025-12-31 23:59:59'", ts, "hour"), "972"),
  ("datediff minute", dbt.datediff("timestamp '2026-02-10 11:10:59'", ts, "minute"), "2"),
  ("datediff second", dbt.datediff("timestamp '2026-02-10 11:12:03'", ts, "second"), "10"),
  ("datediff millisecond", dbt.datediff("timestamp '2026-02-10 11:12:13'", ts, "millisecond"), "456"),
  ("equals", "case when " ~ dbt.equals("1", "1") ~ " then 'y' end", "y"),
  ("current_timestamp", "date_diff('day', " ~ dbt.current_timestamp() ~ ", now())", "0"),
  ("type_int", "typeof(" ~ dbt.cast("1", dbt.type_int()) ~ ")", "integer"),
  ("type_bigint", "typeof(" ~ dbt.cast("1", dbt.type_bigint()) ~ ")", "bigint"),
  ("type_float", "typeof(" ~ dbt.cast("1", dbt.type_float()) ~ ")", "double"),
  ("type_timestamp", "typeof(" ~ dbt.cast("'2026-01-01'", dbt.type_timestamp()) ~ ")", "timestamp(3)"),
  ("type_boolean", "typeof(" ~ dbt.cast("'t'", dbt.type_boolean()) ~ ")", "boolean"),
] %}
with macros (name, actual, expected) as (
{% for name, actual, expected in cases %}
  select '{{ name }}', cast({{ actual }} as varchar), {% if expected is none %}cast(null as varchar){% else %}'{{ expected | replace("'", "''") }}'{% endif %}
  {{ "union all" if not loop.last }}
{% endfor %}
  union all select 'listagg', {{ dbt.listagg("x", "'-'", "order by x desc", 2) }}, '3-2' from (values 1, 2, 3) as t (x)
  union all select 'any_value', cast({{ dbt.any_value("x") }} as varchar), '7' from (values 7, 7) as t (x)
  union all select 'bool_or', cast({{ dbt.bool_or("x > 2") }} as varchar), 'true' from (values 1, 3) as t (x)
  union all select 'except', array_join(array_agg(x), ','), '1' from (select 1 as x {{ dbt.except() }} select 2) as t
  union all select 'intersect', cast(count(*) as varchar), '0' from (select 1 as x {{ dbt.intersect() }} select 2) as t
  union all select 'surrogate_key', {{ surrogate_key(["'a'", "null", "1"]) }}, lower(to_hex(md5(to_utf8('a-_null_-1'))))
)
select * from macros where actual is distinct from expected
