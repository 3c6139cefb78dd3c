"""Values an attacker, or a slip of the keyboard, may put into a setting."""

HOSTILE = {
    "shell list": "x; touch pwned",
    "substitution": "$(id)",
    "backticks": "`id`",
    "newline": "spark\n",
    "option": "-oProxyCommand=touch pwned",
    "NUL": "a\0b",
    "climbing": "../../etc/shadow",
    "climbing inside": "/srv/../etc/shadow",
    "look-alike": "sp\u0430rk",  # a Cyrillic a
    "full-width digits": "\uff11\uff10.0.0.1",
    "right to left": "spark\u202etxt",
    "space": "a b",
    "zone": "fe80::1%$(id)",
    "lone surrogate": "a\ud800",
    "ten kilobytes": "a" * 10_000,
    "ten kilobytes of path": "/" + "a" * 10_000,
}
"""By name, so that a test that fails says which."""
