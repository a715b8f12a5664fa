"""The main job, call by call with curl, against a provider in another language.

The provider is Python's http.server; it verifies what it receives, and signs what it reports, with
the reference library of Standard Webhooks. Run: main_job.py PATH_OF_THE_SERVICE
"""

import datetime
import http.server
import json
import queue
import signal
import subprocess
import sys
import tempfile
import threading

from standardwebhooks.webhooks import Webhook

HERE = __file__.rsplit("/", 1)[0]
DEFINITION = open(f"{HERE}/../../functions/local/src/definition.json").read()
received = queue.Queue()


class Provider(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        received.put((dict(self.headers), body))
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def curl(method, url, body=None, headers=None):
    """One call; gives the status and the JSON of the answer."""
    call = ["curl", "-sS", "-X", method, url, "-w", "\n%{http_code}"]
    for name, value in (headers or {}).items():
        call += ["-H", f"{name}: {value}"]
    if body is not None:
        call += ["-H", "content-type: application/json", "--data-binary", body]
    text, status = subprocess.run(call, check=True, capture_output=True, text=True).stdout.rsplit("\n", 1)
    return int(status), json.loads(text) if text else None


def main(service):
    provider = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=provider.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{provider.server_port}/provision"
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--port", "0", "--provider-port", "0", "--no-demo", "--json", "--data-dir", folder]
        process = subprocess.Popen([service, *flags], stdout=subprocess.PIPE, text=True)
        try:
            story(json.loads(process.stdout.readline()), endpoint)
        finally:
            process.send_signal(signal.SIGINT)
            ended = process.wait(timeout=20)
        assert ended == 0, f"Ctrl-C ended the service with {ended}"
    print("1 passed, 0 failed")


def story(ready, endpoint):
    api, key = ready["api"], {"authorization": f"Bearer {ready['apiKey']}"}

    def call(method, path, body=None, wanted=200):
        status, answer = curl(method, api + path, json.dumps(body) if body is not None else None, key)
        print(f"{method:<5}{path:<70}{status}")
        assert status == wanted, answer
        return answer

    product = call("POST", "/v1/products", {
        "nameVersion": {"name": "Printer-Scanner", "version": "1"}, "provisioningEnabled": True}, 201)
    call("POST", f"/v1/products/{product['id']}/complete")
    customer = call("POST", "/v1/customers", {
        "identifier": "C-0041", "name": "Tucano Ltd", "emails": ["it@tucano.example"]}, 201)
    plan = call("POST", "/v1/plans", {"name": "Pods", "definition": DEFINITION}, 201)
    method = call("POST", "/v1/methods", {
        "name": "Pod farm", "type": "CALLOUT", "endpointUrl": endpoint, "completion": "CALLBACK"}, 201)
    call("PUT", f"/v1/products/{product['id']}/association",
         {"planId": plan["id"], "methodId": method["id"]})
    entitlement = call("POST", "/v1/entitlements", {
        "customerId": customer["id"], "action": "PRODUCE", "entitlementItems": [{
            "lineItemType": "Product_Key", "numProductKeys": 1, "numActivationPerProductKey": 10,
            "itemProducts": [{"productId": product["id"]}]}]}, 201)
    keys = call("GET", f"/v1/entitlements/{entitlement['eId']}/product-keys")
    activation = call("POST", "/v1/activations", {
        "pkId": keys["data"][0]["pkId"], "activationQuantity": 5}, 201)
    request = activation["provisioningRequests"][0]
    assert request["status"] == "REQUEST_QUEUED", request

    headers, body = received.get(timeout=20)
    headers = {name.lower(): value for name, value in headers.items()}
    webhook = Webhook(method["callbackSecret"])
    webhook.verify(body, headers)
    expected = {
        "Provisioning ID": request["id"], "Activation ID": activation["aid"],
        "Activation Date": activation["activationDate"], "Activated Product ID": product["id"],
        "Customer Name": "Tucano Ltd", "Entitlement ID": entitlement["eId"],
        "Activated Quantity": 5, "Product Name": "Printer-Scanner", "Product Type": "BASE",
        "No. of Pods": "5", "Customer Information": "C-0041"}
    assert body.decode() == json.dumps(expected, separators=(",", ":")), body

    def report(webhook_id, report, wanted=200, secret=webhook):
        now = datetime.datetime.now(tz=datetime.timezone.utc)
        text = json.dumps({"id": request["id"], **report})
        signature = secret.sign(webhook_id, now, text)
        status, answer = curl("POST", headers["provisioning-callback-url"], text, {
            "webhook-id": webhook_id, "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature})
        print(f"POST the callback {report['status']:<20}{status} {answer.get('outcome') or answer['code']}")
        assert status == wanted, answer
        return answer

    stranger = Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    report("m0", {"status": "COMPLETED"}, 401, stranger)
    report("m1", {"status": "IN_PROGRESS"})
    report("m2", {"status": "COMPLETED", "referenceNumber": "4711"})
    assert report("m2", {"status": "COMPLETED", "referenceNumber": "4711"})["outcome"] == "DUPLICATE"
    report("m3", {"status": "FAILED"}, 409)
    shown = call("GET", f"/v1/provisioning-requests/{request['id']}")
    assert (shown["status"], shown["referenceNumber"]) == ("COMPLETED", "4711"), shown
    assert shown["payload"] == body.decode()


if __name__ == "__main__":
    main(sys.argv[1])
