{{ config(materialized='table', format='json', s3_data_naming='unique') }}
{{ every_type() }}
