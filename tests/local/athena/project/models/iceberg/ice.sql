{{ config(materialized='table', table_type='iceberg', partitioned_by=['day(at)', 'bucket(kind, 4)'],
          table_properties={'write_compression': 'gzip', 'optimize_rewrite_data_file_threshold': '2'},
          post_hook=['optimize {{ this.render_pure() }} rewrite data using bin_pack', 'vacuum {{ this.render_pure() }}']) }}
select id, kind, amount, cast(at as timestamp(6)) as at from {{ source('world', 'events') }}
