"""Secrets that belong to nobody, and the text that each stands in. Put together here, so that no scanner finds them."""

from __future__ import annotations

import json

_HEX = "0123456789abcdef" * 8
_MIX = "aB3dE5gH7jK9mN1pQ2sT4vW6xY8zA0bC2dE4fG6hJ8" * 6

PLANTED: dict[str, tuple[str, str]] = {
    "aws-id": ("AKIA" + "IOSFODNN7QWERTYU", "aws_access_key_id = {}"),
    "aws-secret": (_MIX[1:41], "aws_secret_access_key = {}"),
    "aws-json": ("wJalrXUtnFEMI/K7MDENG+bPxRfiCYQWERTYKEY1", '"SecretAccessKey": "{}",'),
    "github": ("ghp" + "_" + _MIX[:36], "git clone https://x:{}@github.com/a/b"),
    "github-new": ("github" + "_pat_" + _MIX[:22] + "_" + _MIX[:59], "token={}"),
    "gitlab": ("glpat" + "-" + _MIX[:20], "curl -H 'PRIVATE-TOKEN: {}'"),
    "slack": ("xoxb" + "-123456789012-1234567890123-" + _MIX[:24], "'{}'"),
    "slack-hook": ("T00000000/B00000000/" + _MIX[2:26], "https://hooks.slack.com/services/{}"),
    "stripe": ("sk" + "_live_" + _MIX[:24], "stripe.api_key = '{}'"),
    "openai": ("sk" + "-proj-" + _MIX[:48], "OPENAI={}"),
    "openai-old": ("sk" + "-" + _MIX[:48], "{}"),
    "anthropic": ("sk" + "-ant-api03-" + _MIX[:90], "{}"),
    "openrouter": ("sk" + "-or-v1-" + _HEX[:64], "{}"),
    "google": ("AIza" + _MIX[:35], "https://maps.example.org/?k={}"),
    "google-oauth": ("ya29" + "." + _MIX[:60], "{}"),
    "npm": ("npm" + "_" + _MIX[:36], "//registry.npmjs.org/:_authToken={}"),
    "pypi": ("pypi" + "-AgEIcHlwaS5vcmc" + _MIX[:80], "  password = {}"),
    "huggingface": ("hf" + "_" + _MIX[:34], "{}"),
    "jwt": ("eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0." + _MIX[:43], "jwt {}"),
    "postgres": ("S3cr3tPw", "postgres://app:{}@db.internal:5432/x"),
    "redis": ("r3d1sPass", "redis://:{}@cache:6379/0"),
    "bearer": (_MIX[5:45], "Authorization: Bearer {}"),
    "basic": ("dXNlcjpwYXNzd29yZDEyMw==", "{{'Authorization': 'Basic {}'}}"),
    "cookie": (_MIX[3:32], "Set-Cookie: sessionid={}; Path=/"),
    "sendgrid": ("SG" + "." + _MIX[:22] + "." + _MIX[:43], "{}"),
    "twilio": ("SK" + _HEX[:32], "{}"),
    "telegram": ("AAF" + _MIX[:32], "https://api.telegram.org/bot123456789:{}/sendMessage"),
    "discord": ("MTIzNDU2Nzg5MDEyMzQ1Njc4" + ".GabcDE." + _MIX[:38], "DISCORD={}"),
    "digitalocean": ("dop" + "_v1_" + _HEX[:64], "{}"),
    "azure": (_MIX[7:93] + "==", "AccountName=a;AccountKey={};EndpointSuffix=core.windows.net"),
    "azure-sas": (_MIX[9:52] + "%3D", "https://x.blob.core.windows.net/c?sv=2020&sig={}"),
    "databricks": ("dapi" + _HEX[:32], "{}"),
    "heroku": ("01234567-89ab-cdef-0123-456789abcdef", "HEROKU_API_KEY={}"),
    "mailgun": ("key" + "-" + _HEX[:32], "{}"),
    "shopify": ("shpat" + "_" + _HEX[:32], "{}"),
    "square": ("sq0atp" + "-" + _MIX[:22], "{}"),
    "linear": ("lin" + "_api_" + _MIX[:40], "{}"),
    "notion": ("ntn" + "_" + _MIX[:46], "{}"),
    "postman": ("PMAK" + "-" + _HEX[:24] + "-" + _HEX[:34], "{}"),
    "vault": ("hvs" + "." + _MIX[:90], "{}"),
    "docker": ("dckr" + "_pat_" + _MIX[:27], "{}"),
    "age": ("AGE-SECRET-KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" * 2, "{}"),
    "netrc": ("myN3trcPw", "machine api.example.org login bob password {}"),
    "pgpass": ("Pg9xw2Lq", "localhost:5432:db:user:{}"),
    "env": ("hunter2hunter2", "DB_PASSWORD={}"),
    "env-words": ("correcthorsebatterystaple", "ADMIN_PASSWORD={}"),
    "python": ("Tr0ub4dor&3xyz", 'password = "{}"'),
    "json": ("S3cureP@ss!", '{{"password": "{}"}}'),
    "json-in-json": ("esc4pedS3cret", '"{{\\"password\\": \\"{}\\"}}"'),
    "yaml": ("q1w2e3r4t5y6", "  client_secret: {}"),
    "header": (_MIX[11:43], "X-Api-Key: {}"),
    "javascript": ("abc123DEF456ghi", 'const apiKey = "{}";'),
    "command": ("Zx9cVb7nMq", "mysql --password={} -h x"),
    "curl": ("s3cr3tpass9", "curl -u admin:{} https://x"),
    "xml": ("Xm1Pa55word", "<password>{}</password>"),
    "sshpass": ("Ssh9pAss7w", "sshpass -p {} ssh bob@host"),
    "mysql": ("My5qlPass8", "mysql -u root -p{} shop"),
    "docker-auth": ("Ym9iOlMzY3IzdFB3OTl4", '{{"auths":{{"r.example":{{"auth":"{}"}}}}}}'),
    "xml-attribute": ("q7W8e9R0t1Y2u3I4", '<add key="ApiKey" value="{}"/>'),
    "dockerfile": ("D0ckerPa55word", "ENV DB_PASSWORD {}"),
    "yaml-block": ("Y4mlBl0ckPw", "password: |\n  {}"),
    "words": ("Hunter2-is-it-77", "the password is {}."),
}  # fmt: skip
"""The secret, and its text with `{}` where it stands."""

_BODY = [(_MIX[n : n + 32] + _HEX[n : n + 32])[:64] for n in range(25)]
PEM = "\n".join(
    ["-----BEGIN RSA " + "PRIVATE KEY-----", *_BODY, "Zm9vYmFy==", "-----END RSA " + "PRIVATE KEY-----", ""]
)
"""A private key, as far as its looks go."""

GCP = json.dumps({"type": "service_account", "private_key": PEM.replace("RSA ", ""), "client_email": "a@b.example"})


def text(name: str) -> str:
    """A planted secret in its text."""
    secret, around = PLANTED[name]
    return around.format(secret)


def every_secret() -> list[str]:
    """All of them, and the lines of the private key."""
    return [secret for secret, _ in PLANTED.values()] + _BODY


def leaked(content: str) -> list[str]:
    """Those that a text holds."""
    return [secret for secret in every_secret() if secret in content]
