// Standard Webhooks of npm, a line a message: verifies one that has a signature, signs another.
const { Webhook, WebhookVerificationError } = require("standardwebhooks");
const lines = require("readline").createInterface({ input: process.stdin });

lines.on("line", (line) => {
  const { secret, id, timestamp, body, signature } = JSON.parse(line);
  const webhook = new Webhook(secret);
  if (signature === undefined) {
    console.log(webhook.sign(id, new Date(Number(timestamp) * 1000), body));
    return;
  }
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signature,
  };
  try {
    webhook.verify(body, headers);
    console.log("yes");
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    console.log("no");
  }
});
