"""Keys and tokens that their makers gave a form of their own."""

from gateway.redaction.rule import Rule


def _vendor(name: str, pattern: str, *signs: str) -> Rule:
    return Rule(f"key-{name}", "SECRET", pattern, signs=signs, whole=False, score=0.99)


VENDOR_KEY = (
    _vendor(
        "aws",
        r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA|ABIA|ACCA)[A-Z0-9]{12,16}\b",
        "akia",
        "asia",
        "agpa",
        "aida",
        "aroa",
        "abia",
        "acca",
    ),
    _vendor(
        "github", r"\b(?:gh[pousr]_[A-Za-z0-9]{16,255}|github_pat_[A-Za-z0-9_]{20,255})", "gh", "github_pat"
    ),
    _vendor("gitlab", r"\bgl(?:pat|ptt|dt|rt|cbt|soat|ft|oas|agent|imt)-[A-Za-z0-9_.-]{16,}", "gl"),
    _vendor(
        "prefixed",
        r"\b(?:sk|pk|rk|ak|whsec|xox[abeprs]|xapp|npm|pypi|hf|dop_v1|dckr_pat|shpat|shpss|shpca"
        r"|sq0(?:atp|csp)|EAAC|glsa|nvapi|gsk|pplx|xai|tvly|lin_api|figd|sntry[su]|PMAK"
        r"|AGE-SECRET-KEY|SG|hvs|ATATT|ya29|dapi|doo_v1|nfp|vercel|sbp|rpa|tskey"
        r")[-_.][A-Za-z0-9][A-Za-z0-9_.=/+-]{14,}[A-Za-z0-9=]",
        "-",
        "_",
        ".",
    ),
    _vendor(
        "google",
        r"\bAIza[A-Za-z0-9_-]{30,40}|\bGOCSPX-[A-Za-z0-9_-]{20,}|\bya29\.[A-Za-z0-9_-]{20,}",
        "aiza",
        "gocspx",
        "ya29",
    ),
    _vendor("databricks", r"\bdapi[0-9a-f]{32}", "dapi"),
    _vendor("twilio", r"\b(?:AC|SK)[0-9a-f]{32}\b", "ac", "sk"),
    _vendor("mailgun", r"\bkey-[0-9a-f]{32}\b", "key-"),
    _vendor("telegram", r"\b\d{8,10}:[A-Za-z0-9_-]{35}\b", ":"),
    _vendor("discord", r"\b[MNO][A-Za-z\d]{23,25}\.[\w-]{6}\.[\w-]{27,38}\b", "."),
    _vendor("slack-hook", r"hooks\.slack\.com/services/(?P<v>[A-Za-z0-9/]{20,})", "hooks.slack"),
    _vendor("openai", r"\bsk-[A-Za-z0-9_-]{16,}", "sk-"),
    _vendor("age", r"(?i)\bAGE-SECRET-KEY-1[a-z0-9]{20,}", "age-secret"),
)
