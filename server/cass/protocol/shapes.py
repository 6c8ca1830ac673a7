"""What secrets look like: a name for each shape, the words it begins with, and the expression that finds it.

`starts` are what a match can begin with at the start of a word; `words` are found anywhere, in any case. A text
that holds none of them is not searched. The group `s` of an expression is the secret, else the whole match is.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """One kind of secret."""

    name: str
    find: str
    starts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def _token(name: str, find: str, *starts: str) -> Shape:
    return Shape(name, rf"(?<![A-Za-z0-9])(?:{find})", starts=starts)


def _near(name: str, find: str, *words: str) -> Shape:
    return Shape(name, find, words=words)


_URL_SAFE = r"[A-Za-z0-9_-]"
_SEP = r"""\\?["']?\]?\s{0,4}(?::=|=>|[:=])\s{0,4}\\?["']?"""

TOKENS: tuple[Shape, ...] = (
    _token("aws-access-key", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])", "AKIA", "ASIA", "ABIA", "ACCA"),
    _token("github-token", r"gh[pousr]_[A-Za-z0-9_]{20,255}", "ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
    _token("github-token", rf"github_pat_{_URL_SAFE}{{20,255}}", "github_pat_"),
    _token("gitlab-token", rf"gl(?:[a-z]{{2,6}})-{_URL_SAFE}{{16,300}}", "glpat-", "glptt-", "gldt-", "glrt-", "glcbt-", "glft-", "glsoat-", "glagent-", "gloas-", "glimt-"),
    _token("slack-token", r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,255}|xapp-[A-Za-z0-9-]{16,255}", "xox", "xapp-"),
    _token("stripe-key", r"[rs]k_(?:live|test|prod)_[A-Za-z0-9]{16,255}", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "sk_prod_", "rk_prod_"),
    _token("webhook-secret", r"whsec_[A-Za-z0-9+/=]{16,255}", "whsec_"),
    _token("anthropic-key", rf"sk-ant-{_URL_SAFE}{{16,300}}", "sk-ant-"),
    _token("openrouter-key", rf"sk-or-{_URL_SAFE}{{16,300}}", "sk-or-"),
    _token("openai-key", rf"sk-(?:proj|svcacct|admin|None|service|lf)-{_URL_SAFE}{{16,300}}|sk-(?=[A-Za-z]{{0,60}}\d)[A-Za-z0-9]{{20,300}}", "sk-"),
    _token("google-key", rf"AIza{_URL_SAFE}{{30,60}}", "AIza"),
    _token("google-token", rf"ya29\.[A-Za-z0-9._-]{{20,2000}}|1//0{_URL_SAFE}{{30,300}}|GOCSPX-{_URL_SAFE}{{20,60}}", "ya29.", "1//0", "GOCSPX-"),
    _token("npm-token", r"npm_[A-Za-z0-9]{30,60}", "npm_"),
    _token("pypi-token", rf"pypi-AgE{_URL_SAFE}{{20,400}}|pypi-(?=[^\s]{{0,80}}[A-Z])(?=[^\s]{{0,80}}\d){_URL_SAFE}{{32,400}}", "pypi-"),
    _token("huggingface-token", r"(?:hf|api_org)_[A-Za-z0-9]{30,60}", "hf_", "api_org_"),
    _token("jwt", rf"eyJ{_URL_SAFE}{{8,8000}}\.eyJ{_URL_SAFE}{{8,8000}}(?:\.{_URL_SAFE}{{0,8000}})?", "eyJ"),
    _token("sendgrid-key", rf"SG\.{_URL_SAFE}{{16,64}}\.{_URL_SAFE}{{16,100}}", "SG."),
    _token("twilio-key", r"SK[0-9a-f]{32}(?![0-9A-Za-z])", "SK"),
    _token("digitalocean-token", r"do[oprt]_v1_[a-f0-9]{32,80}", "dop_v1_", "doo_v1_", "dor_v1_", "dot_v1_"),
    _token("databricks-token", r"dapi[a-f0-9]{32}(?:-\d)?(?![0-9A-Za-z])", "dapi"),
    _token("heroku-key", rf"HRKU-{_URL_SAFE}{{30,100}}", "HRKU-"),
    _token("mailgun-key", r"key-[0-9a-f]{32}(?![0-9A-Za-z])", "key-"),
    _token("shopify-token", r"shp(?:at|ca|pa|ss|tka)_[a-fA-F0-9]{32,64}", "shpat_", "shpca_", "shppa_", "shpss_", "shptka_"),
    _token("square-token", rf"sq0[a-z]{{3}}-{_URL_SAFE}{{22,60}}|EAAA{_URL_SAFE}{{56,64}}(?![\w-])", "sq0", "EAAA"),
    _token("linear-key", r"lin_(?:api|oauth)_[A-Za-z0-9]{30,80}", "lin_"),
    _token("notion-token", r"ntn_[A-Za-z0-9]{36,60}|secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])", "ntn_", "secret_"),
    _token("postman-key", r"PMAK-[a-f0-9]{20,30}-[a-f0-9]{30,40}", "PMAK-"),
    _token("vault-token", rf"hv[sbr]\.{_URL_SAFE}{{20,300}}", "hvs.", "hvb.", "hvr."),
    _token("docker-token", rf"dckr_(?:pat|oat)_{_URL_SAFE}{{20,100}}", "dckr_"),
    _token("age-key", r"AGE-SECRET-KEY-1[A-Z0-9]{40,80}", "AGE-SECRET-KEY-1"),
    _token("groq-key", r"gsk_[A-Za-z0-9]{40,80}", "gsk_"),
    _token("xai-key", r"xai-[A-Za-z0-9]{40,120}", "xai-"),
    _token("perplexity-key", r"pplx-[A-Za-z0-9]{32,80}", "pplx-"),
    _token("replicate-token", r"r8_[A-Za-z0-9]{30,60}", "r8_"),
    _token("nvidia-key", rf"nvapi-{_URL_SAFE}{{40,100}}", "nvapi-"),
    _token("grafana-token", r"gls?[ac]_[A-Za-z0-9+/=_-]{30,300}", "glsa_", "glc_"),
    _token("sentry-token", r"sntry[su]_[A-Za-z0-9+/=_-]{30,400}", "sntrys_", "sntryu_"),
    _token("atlassian-token", r"ATATT3[A-Za-z0-9_=-]{60,400}|ATBB[A-Za-z0-9]{28,60}", "ATATT3", "ATBB"),
    _token("doppler-token", r"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{30,80}", "dp."),
    _token("pulumi-token", r"pul-[a-f0-9]{40}", "pul-"),
    _token("planetscale-token", r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9._=-]{30,80}", "pscale_"),
    _token("supabase-key", rf"sbp_[a-f0-9]{{40}}|sb_secret_{_URL_SAFE}{{20,60}}", "sbp_", "sb_secret_"),
    _token("airtable-token", r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}", "pat"),
    _token("figma-token", rf"fig[dou]_?[a-z]?_{_URL_SAFE}{{36,60}}|figd_{_URL_SAFE}{{36,60}}", "figd_", "figo", "figu"),
    _token("newrelic-key", r"NR(?:AK|JS|II|AA)-[A-Za-z0-9-]{20,60}", "NRAK-", "NRJS-", "NRII-", "NRAA-"),
    _token("tailscale-key", r"tskey-[a-z]{1,12}-[A-Za-z0-9-]{16,100}", "tskey-"),
    _token("rubygems-key", r"rubygems_[a-f0-9]{48}", "rubygems_"),
    _token("fly-token", r"fo1_[A-Za-z0-9_-]{40,60}|fm[12][a-z]?_[A-Za-z0-9+/=_-]{100,2000}", "fo1_", "fm1", "fm2"),
    _token("onepassword-token", r"ops_eyJ[A-Za-z0-9+/=_-]{100,2000}", "ops_eyJ"),
    _token("dynatrace-token", r"dt0[a-z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}", "dt0"),
    _token("easypost-key", r"EZ[AT]K[A-Za-z0-9]{54}", "EZAK", "EZTK"),
    _token("hubspot-token", r"pat-(?:na|eu)\d-[0-9a-f-]{36}", "pat-"),
    _token("private-key", r"b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/=]{8,}|MII[A-Za-z0-9+/]{2,6}IBADANBgkqhkiG[A-Za-z0-9+/=]{8,}|MHcCAQEE[A-Za-z0-9+/=]{16,}|MIGHAgEAMBMG[A-Za-z0-9+/=]{16,}|MC4CAQAwBQYDK2VwBCIEI[A-Za-z0-9+/=]{8,}", "b3BlbnNzaC1rZXktdjE", "MII", "MHcCAQEE", "MIGHAgEAMBMG", "MC4CAQAwBQYDK2VwBCIEI"),
)  # fmt: skip
"""Secrets that are recognised by themselves."""

_NAMES = (
    r"pass(?:word|wd|phrase|wort)|passwd|_pass|pwd|secret|token|api[_.-]?key|apikey|access[_.-]?key|auth[_.-]?key|private[_.-]?key"
    r"|encryption[_.-]?key|signing[_.-]?key|master[_.-]?key|client[_.-]?key|account[_.-]?key|credentials?|authkey|secret[_.-]?key|webhook[_.-]?key"
)

PLACES: tuple[Shape, ...] = (
    _near("aws-secret-key", rf"(?i:secret_?(?:access_?)?key){_SEP}(?P<s>[A-Za-z0-9/+=]{{40}})(?![A-Za-z0-9/+=])", "secret"),
    _near("slack-webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<s>[A-Za-z0-9/_-]{16,200})", "hooks."),
    _near("discord-webhook", r"discord(?:app)?\.com/api/webhooks/(?P<s>\d{5,25}/[A-Za-z0-9_-]{30,100})", "webhook"),
    _near("teams-webhook", r"webhook\.office\.com/webhookb2/(?P<s>[A-Za-z0-9@/-]{40,300})", "webhook"),
    _near("telegram-token", r"(?:(?<![A-Za-z0-9])|(?<=bot))\d{8,10}:(?P<s>A[A-Za-z0-9_-]{33,36})(?![A-Za-z0-9_-])", ":a"),
    _near("terraform-token", r"(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{40,100}", ".atlasv1."),
    _near("mailchimp-key", r"(?<![A-Za-z0-9])[0-9a-f]{32}-us\d{1,2}(?![A-Za-z0-9])", "-us"),
    _near("azure-key", r"(?i:AccountKey|SharedAccessKey|SharedSecretValue)=(?P<s>[A-Za-z0-9+/%]{20,200}={0,2})", "key=", "value="),
    _near("azure-signature", r"(?:[?&;]|(?i:SharedAccessSignature=?\s?)[^\s\"']{0,300}?)sig=(?P<s>[A-Za-z0-9%+/_-]{20,200}={0,2})", "sig="),
    _near("azure-client-secret", r"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{30,36}", "q~"),
    _near("discord-token", r"(?<![A-Za-z0-9])[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}(?![A-Za-z0-9_-])", "discord", "bot"),
    _near("heroku-key", r"(?i:heroku)[A-Za-z_ .-]{0,20}(?i:key|token)" + _SEP + r"(?P<s>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", "heroku"),
    _near("url-password", r"(?<=[A-Za-z0-9])://[^\s/:@\"'<>`{}$\\\[]{0,100}:(?P<s>[^\s/@\"'<>`{}]{3,200})@(?=[\w\[])", "://"),
    _near("url-token", r"https?://(?P<s>[A-Za-z0-9_-]{20,255})(?::x-oauth-basic)?@(?=\w)", "://"),
    _near("authorization", r"(?i:authorization)\\?[\"']?\s{0,4}[:=,]\s{0,4}(?:b?\\?[\"'])?(?i:bearer|basic|token|apikey|key|bot|digest)\s{1,4}(?P<s>[A-Za-z0-9._~+/:=-]{8,4000})", "authorization"),
    _near("authorization", r"(?<![A-Za-z])(?i:bearer)\s{1,2}(?P<s>(?=[^\s]{0,40}\d)[A-Za-z0-9._~+/-]{16,4000}={0,2})", "bearer "),
    _near("cookie", r"(?i:cookie)\\?[\"']?\s{0,4}[:=][^\r\n]{0,2000}?(?i:sess|sid|auth|token|login|remember|jwt)[\w.-]{0,40}=(?P<s>[^\s;,\"'\\]{12,4000})", "cookie"),
    _near("netrc", r"(?<![A-Za-z])machine\s+\S{1,200}\s+login\s+\S{1,200}\s+password\s+(?P<s>\S{4,200})", "machine "),
    _near("pgpass", r"(?m)(?<=[\w.*-]):(?:5\d{3}|6\d{3}|\*):[\w*-]{1,60}:[\w*-]{1,60}:(?P<s>[^\s:]{6,100})\s*$", ":5", ":6", ":*:"),
    _near("command-password", r"(?:\s-u|--user|--proxy-user)[\s=]{1,2}[\"']?[\w.@+-]{1,80}:(?P<s>[^\s\"'$]{6,200})", "-u ", "--user", "--proxy-user"),
    _near("xml-secret", rf"<(?:[\w-]{{0,30}}[:.-])?[\w-]{{0,30}}(?i:{_NAMES})>(?P<s>[^<>\s]{{8,400}})</", "</"),
    _near("command-password", r"sshpass\s{1,4}-p\s{0,2}[\"']?(?P<s>[^\s\"'$]{6,200})", "sshpass"),
    _near("command-password", r"(?:mysql\w{0,10}|mariadb[\w-]{0,10})\s(?:[^\n|;&]{0,200}\s)?-p[\"']?(?P<s>(?=\S{0,60}[A-Za-z])[^\s\"'$-][^\s\"'$]{5,200})", "mysql", "mariadb"),
    _near("basic-login", r"\"auth\\?\"\s{0,4}:\s{0,4}\\?\"(?P<s>(?=[^\"]{0,400}[a-z])(?=[^\"]{0,400}[A-Z])(?=[^\"]{0,400}\d)[A-Za-z0-9+/]{12,400}={0,2})\\?\"", "auth"),
    _near("xml-secret", rf"(?:key|name)=\\?\"[\w:.-]{{0,40}}(?i:{_NAMES})\\?\"\s{{1,20}}value=\\?\"(?P<s>[^\"<>\s\\]{{8,400}})", "value="),
    _near("container-secret", r"(?:^|[\s+:|-])(?:ENV|ARG)\s{1,4}\w{0,40}(?:PASSWORD|PASSWD|SECRET|TOKEN|KEY)\s{1,4}(?P<s>(?=\S{0,60}\d)(?=\S{0,60}[A-Za-z])[^\s\"'$=]{8,400})", "env ", "arg "),
    _near("yaml-secret", rf"(?i:{_NAMES})\"?:[ ]?[|>][+-]?[ ]{{0,20}}(?:\r?\n(?:[^\s]{{0,200}}[:\t+-]|[ ]{{0,10}}\d{{1,7}}[\t:|]|[+-])?)?[ \t]{{1,40}}(?P<s>(?=\S{{0,60}}\d)(?=\S{{0,60}}[A-Za-z])[^\s:|]{{8,400}})", ": |", ": >", ":|", ":>"),
)  # fmt: skip
"""Secrets that are recognised by what stands around them."""

WORDS: tuple[str, ...] = ("pass", "pwd", "secret", "token", "key", "credential")
"""What a name that holds a secret has in it, in small letters."""

ASSIGNED = (
    r"[\w-]{0,30}(?:\\?[\"'])?[\])]?(?P<sep>\s{0,8}(?::=|=>|={1,2}|:)\s{0,8}|\s{1,2}is:?\s{1,2}|\s(?=\S))(?:b?f?r?"
    r"(?P<quote>\\?[\"'`])(?P<quoted>[^\"'`\r\n\\]{8,400}?)(?P=quote)"
    r"|(?P<bare>[^\s\"'`,;&|<>(){}\[\]\\]{8,400})(?P<after>[(\[{]?))"
)
"""What follows such a name where it is given a value."""

NAMED = rf"(?:{_NAMES})"
"""What the name of a secret has in it, in small letters."""

NO_SECRET = (
    r"(?i)(?:max|min|num|n|count|total|prompt|input|output|completion|reasoning|cached?)_?-?tokens?"
    r"|tokens?[_.-]?(?:count|limit|type|url|uri|name|path|file|ids?|env|endpoint|field|header|budget|usage|length|size|kind|class|expir\w*)"
    r"|(?:secret|password|token|key|credentials?)[_.-]?(?:file|path|name|ref|url|uri|env|id|type|field|policy|length|hint|label|prompt|manager|store|arn|version)s?$"
    r"|tokeni[sz]|passthrough|keyword|public[_.-]?key|compass|bypass|passive|passing|keyring|secretary"
)
"""Names that only sound like it."""

PRIVATE_KEY_BEGINS = r"-----BEGIN (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-\d"
PRIVATE_KEY_ENDS = r"-----END (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----|Private-MAC:"
