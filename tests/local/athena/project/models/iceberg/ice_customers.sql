select id, name, email, cast(updated_at as timestamp(6)) as updated_at from {{ source('world', 'customers') }}
