{{ config(
  materialized='table', native_drop=true, lf_tags_config={'enabled': false},
  lf_grants={'data_cell_filters': {'enabled': false, 'filters': {}}}
) }}
select 1 as n
