# stripe-python as the judge of signatures: a JSON object a line in, `true` or `false` a line out.
import base64
import json
import sys
import time

import stripe

for line in sys.stdin:
    asked = json.loads(line)
    body = base64.b64decode(asked["body"])
    if "sign" in asked:
        header = stripe.WebhookSignature.generate_signature_header(body.decode(), asked["secret"], asked["sign"])
        print(json.dumps(header), flush=True)
        continue
    # The clock of the test, not of the machine.
    time.time = lambda: asked["now"]
    try:
        stripe.WebhookSignature.verify_header(body, asked["header"], asked["secret"], tolerance=300)
        print("true", flush=True)
    except (stripe.SignatureVerificationError, ValueError, IndexError):
        print("false", flush=True)
