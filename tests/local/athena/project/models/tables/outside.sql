{{ config(materialized='table', external_location='s3://athena-lake/outside/') }}
{{ every_type() }}
