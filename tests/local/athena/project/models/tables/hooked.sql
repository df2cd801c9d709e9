{{ config(
  materialized='table',
  pre_hook="insert into {{ target.schema }}.audit values ('before', '{{ this.identifier }}')",
  post_hook=["insert into {{ this }} values (2)", "insert into {{ target.schema }}.audit select 'after', cast(count(*) as varchar) from {{ this }}"]
) }}
select 1 as n
