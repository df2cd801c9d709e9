{{ config(materialized='view') }}
select * from ({{ union_relations([ref('totals'), ref('payments')]) }})
