"""Enqueues as many chains as each line of its input says, and answers each line when they are in Redis."""

import sys

from celery import chain

from celery_tasks import app, first, second, third

text = "x" * 160
steps = (second.s(), third.s())

print("ready", flush=True)
with app.producer_or_acquire() as producer:
    for line in sys.stdin:
        for n in range(int(line)):
            chain(first.s({"n": n, "text": text}), *steps).apply_async(producer=producer)
        print("sent", flush=True)
