"""A generated dbt project of 30 small models; `athena` times its builds.

The models are what small projects are made of: three seeds, views that clean and join them, tables
that add up, incremental tables by day, tests of keys.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.stack import Connection

BUCKET = "shop"
LIMIT_S = 25.0  # of the second build, which finds every table in place
CUSTOMERS, ORDERS, ITEMS = 100, 400, 1000

_CITIES = ("Basel", "Bern", "Chur", "Zug")
_PROJECT = """
name: shop
version: "1.0"
profile: shop
flags: {send_anonymous_usage_stats: false}
"""
_PROFILE = """
shop:
  target: local
  outputs:
    local:
      type: athena
      database: awsdatacatalog
      schema: shop
      region_name: us-east-1
      s3_staging_dir: s3://<bucket>/results/
      s3_data_dir: s3://<bucket>/shop/
      threads: 2
"""
_VIEWS = {
    "stg_customers": "select customer_id, upper(city) as city, plan, since from {{ ref('customers') }}",
    "stg_orders": (
        "select order_id, customer_id, status, ordered_at, cast(date_trunc('day', ordered_at) as date) "
        "as order_date from {{ ref('orders') }}"
    ),
    "stg_items": (
        "select item_id, order_id, product, quantity, cast(price as decimal(10, 2)) as price "
        "from {{ ref('items') }}"
    ),
    "item_revenue": "select *, quantity * price as revenue from {{ ref('stg_items') }}",
    "orders_of_customers": (
        "select o.*, c.city, c.plan, date_diff('day', c.since, o.order_date) as days_since_joining "
        "from {{ ref('stg_orders') }} as o join {{ ref('stg_customers') }} as c using (customer_id)"
    ),
    "open_orders": "select * from {{ ref('orders_of_customers') }} where status in ('new', 'paid')",
}
_TABLES = {
    "order_revenue": (
        "select o.order_id, o.order_date, o.city, o.plan, o.status, sum(i.revenue) as revenue, "
        "count(*) as items from {{ ref('orders_of_customers') }} as o "
        "join {{ ref('item_revenue') }} as i on i.order_id = o.order_id group by 1, 2, 3, 4, 5"
    ),
    "products": (
        "select product, sum(quantity) as sold, sum(revenue) as revenue, max_by(item_id, revenue) as best "
        "from {{ ref('item_revenue') }} group by product"
    ),
    "customer_value": (
        "select c.customer_id, c.city, c.plan, count(o.order_id) as orders, "
        "min(o.order_date) as first_order, max(o.order_date) as last_order "
        "from {{ ref('stg_customers') }} as c left join {{ ref('stg_orders') }} as o "
        "on o.customer_id = c.customer_id group by 1, 2, 3"
    ),
    "latest_orders": (
        "select * from (select *, row_number() over (partition by city order by order_date desc, order_id) "
        "as place from {{ ref('order_revenue') }}) as placed where place <= 5"
    ),
    "baskets": (
        "select order_id, array_join(array_agg(product order by product), ', ') as products, "
        "cardinality(array_agg(distinct product)) as different from {{ ref('stg_items') }} group by order_id"
    ),
}
_PARTS = {
    "day": "order_date",
    "week": "date_trunc('week', order_date)",
    "month": "date_trunc('month', order_date)",
    "city": "city",
    "plan": "plan",
    "status": "status",
}
_PER_PART = """
select {part} as {name}, sum(revenue) as revenue, sum(items) as items, count(*) as orders
from {{{{ ref('order_revenue') }}}} group by 1
"""
_SHARE = """
select {name}, revenue, revenue / sum(revenue) over () as share,
  rank() over (order by revenue desc) as place
from {{{{ ref('revenue_per_{name}') }}}}
"""
_INCREMENTAL = {
    "append": """
select order_id, status, revenue from {{ ref('order_revenue') }}
{% if is_incremental() %} where order_id > (select max(order_id) from {{ this }}) {% endif %}
""",
    "insert_overwrite": """
select order_id, city, revenue, order_date from {{ ref('order_revenue') }}
{% if is_incremental() %} where order_date >= (select max(order_date) from {{ this }}) {% endif %}
""",
}


def _models() -> Iterator[tuple[str, str]]:
    """Name and SQL of every model."""
    for name, sql in _VIEWS.items():
        yield name, _model("materialized='view'", sql)
    for name, sql in _TABLES.items():
        yield name, _model("materialized='table'", sql)
    for name, part in _PARTS.items():
        per_part = _PER_PART.format(part=part, name=name)
        yield f"revenue_per_{name}", _model("materialized='table'", per_part)
        yield f"share_per_{name}", _model("materialized='view'", _SHARE.format(name=name))
    for city in _CITIES:
        sql = f"select * from {{{{ ref('order_revenue') }}}} where city = '{city.upper()}'"
        yield f"orders_in_{city.lower()}", _model("materialized='table'", sql)
    for strategy, sql in _INCREMENTAL.items():
        keys = ", partitioned_by=['order_date']" if strategy == "insert_overwrite" else ""
        config = f"materialized='incremental', incremental_strategy='{strategy}'{keys}"
        yield f"orders_by_{strategy}", _model(config, sql)
    yield (
        "orders_per_city_view",
        _model(
            "materialized='view'",
            "select city, count(*) as orders from {{ ref('open_orders') }} group by city",
        ),
    )


def _model(config: str, sql: str) -> str:
    return f"{{{{ config({config}) }}}}\n{sql.strip()}\n"


def _seeds() -> Iterator[tuple[str, list[str]]]:
    """Name and lines of every seed, the same on every call."""
    yield (
        "customers",
        [
            "customer_id,city,plan,since",
            *(
                f"{n},{_CITIES[n % 4]},{('free', 'paid')[n % 3 % 2]},2025-{1 + n % 12:02d}-15"
                for n in range(CUSTOMERS)
            ),
        ],
    )
    yield (
        "orders",
        [
            "order_id,customer_id,status,ordered_at",
            *(
                f"{n},{n * 7 % CUSTOMERS},{('new', 'paid', 'sent')[n % 3]},"
                f"2026-01-{1 + n * 28 // ORDERS:02d} {n % 24:02d}:30:00"
                for n in range(ORDERS)
            ),
        ],
    )
    yield (
        "items",
        [
            "item_id,order_id,product,quantity,price",
            *(
                f"{n},{n % ORDERS},product {n % 17},{1 + n % 5},{n % 90 + 0.95}"
                for n in range(ITEMS)
            ),
        ],
    )


_KEYS = {
    "stg_customers": "customer_id",
    "stg_orders": "order_id",
    "stg_items": "item_id",
    "order_revenue": "order_id",
    "products": "product",
    "customer_value": "customer_id",
}


def _tests() -> str:
    lines = ["version: 2", "models:"]
    for model, column in _KEYS.items():
        lines.append(
            f"  - {{name: {model}, columns: [{{name: {column}, data_tests: [unique, not_null]}}]}}"
        )
    return "\n".join(lines) + "\n"


def write(folder: Path, bucket: str) -> None:
    """Write the project into a new folder; its data and results go to the S3 bucket."""
    models, seeds = folder / "models", folder / "seeds"
    models.mkdir(parents=True)
    seeds.mkdir()
    (folder / "dbt_project.yml").write_text(_PROJECT)
    (folder / "profiles.yml").write_text(_PROFILE.replace("<bucket>", bucket))
    (models / "models.yml").write_text(_tests())
    for name, sql in _models():
        (models / f"{name}.sql").write_text(sql)
    for name, lines in _seeds():
        (seeds / f"{name}.csv").write_text("\n".join(lines) + "\n")


def build(folder: Path, environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds of one `dbt build`, the start of Python included, and of dbt's own computing in them.

    Raises RuntimeError if it fails.

    `environment` holds the AWS_ variables that lead to the endpoint; others of this process are kept.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "dbt.cli.main", "build", "--profiles-dir", "."],
        cwd=folder,
        env={**kept, **environment},
        capture_output=True,
        text=True,
    )
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise RuntimeError(f"dbt build failed: {done.stdout[-3000:]}{done.stderr[-1000:]}")
    return seconds, sum(after[:2]) - sum(before[:2])


def report(connection: Connection, folder: Path) -> None:
    """Build the project twice in a new folder and print both times."""
    connection.client("s3").create_bucket(Bucket=BUCKET)
    write(folder, BUCKET)
    models = sum(1 for _ in _models())
    print(
        f"  dbt build of {models} models (limit of the second {LIMIT_S:.0f} s):   dbt itself computes"
    )
    for name in ("first", "second"):
        seconds, own = build(folder, connection.environment)
        print(f"    {name:<24}{seconds:8.1f} s {own:8.1f} s")
