{{ config(materialized='table', bucketed_by=['n'], bucket_count=4) }}
{{ every_type() }}
