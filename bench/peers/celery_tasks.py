"""The three phases as Celery's users build them: a chain of tasks, each task in a queue of its own."""

import os

import redis
from celery import Celery

url = os.environ["BENCH_REDIS"]
app = Celery("celery_tasks", broker=url)
app.conf.update(
    task_ignore_result=True,
    task_routes={name: {"queue": name} for name in ("first", "second", "third")},
    worker_prefetch_multiplier=50,
    broker_connection_retry_on_startup=True,
)
done = redis.Redis.from_url(url)


@app.task(name="first")
def first(payload):
    return {**payload, "first": 1}


@app.task(name="second")
def second(payload):
    return {**payload, "second": 2}


@app.task(name="third")
def third(payload):
    # How the process that measures hears of it; little beside what the task itself costs.
    done.lpush("done", 1)
    return {**payload, "third": 3}
