"""Another reader of tokens: for each line `KEY_HEX TOKEN ISSUER`, prints what PyJWT makes of it as JSON, or null.

    python jwt_oracle.py
"""
import json
import sys

import jwt

for line in sys.stdin:
    key, token, issuer = line.split()
    try:
        claims = jwt.decode(token, bytes.fromhex(key), algorithms=["HS256"], issuer=issuer, audience=issuer)
        print(json.dumps({"header": jwt.get_unverified_header(token), "claims": claims}), flush=True)
    except jwt.PyJWTError as error:
        print(json.dumps(None), flush=True)
