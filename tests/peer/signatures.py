"""Standard Webhooks of PyPI, a line a message: verifies one that has a signature, signs another."""

import json
import sys
from datetime import datetime, timezone

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

for line in sys.stdin:
    message = json.loads(line)
    webhook = Webhook(message["secret"])
    if "signature" not in message:
        at = datetime.fromtimestamp(int(message["timestamp"]), tz=timezone.utc)
        print(webhook.sign(message["id"], at, message["body"]), flush=True)
        continue
    headers = {f"webhook-{name}": message[name] for name in ("id", "timestamp", "signature")}
    try:
        webhook.verify(message["body"], headers)
        print("yes", flush=True)
    except WebhookVerificationError:
        print("no", flush=True)
