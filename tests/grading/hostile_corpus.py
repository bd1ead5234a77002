# ruff: noqa: E501 - tables
"""Answers made to hang, fill memory, crash or run code: written for this project, over two hundred of them.

Each is (name, completion, reference answer). None of them may ever be graded `correct`. `CANARY` in a payload stands for
a path that must not exist afterwards.
"""

from __future__ import annotations

CANARY = "/tmp/supercorrect-grading-canary"

_TOWERS = [
    "9^{9^{9^9}}", "2^{2^{2^{2^{2^2}}}}", "(((9^9)^9)^9)^{9^9}", "9**9**9**9", "10^{10^{100}}", "1/10^{10^{100}}",
    "-9^{9^{9}}", "9^{9^{9^{x}}}", "x^{9^{9^9}}", "(x+1)^{100000}", "(x+y+z)^{5000}", "2^{99999999999}", "0.1^{-9^{9^9}}",
    "\\sqrt{9^{9^{9^9}}}", "\\log(9^{9^{9^9}})", "\\frac{9^{9^{9^9}}}{9^{9^{9^9}}+1}", "9^{9^{9^9}} - 9^{9^{9^9}} + 1",
    "e^{e^{e^{e^{e^{e}}}}}", "\\pi^{\\pi^{\\pi^{\\pi^{\\pi}}}}", "i^{i^{i^{9^{9^9}}}}", "7^{7^{7^{7}}} \\bmod 10^{10^{10}}",
    "\\left(1+\\frac{1}{10^{50}}\\right)^{10^{60}}", "(-1)^{9^{9^{9}}}", "9^{-9^{9^{9}}}", "3^{3^{3^{3^{3^{3^3}}}}}",
]  # fmt: skip
_FACTORIALS = [
    "99999999!", "9!!!!!!!!!", "((9!)!)!", "(10^{10})!", "1000000!!", "\\frac{9999999!}{9999998!}", "\\binom{10^{9}}{10^{8}}",
    "\\binom{99999999}{49999999}", "(99999!)^{99999!}", "\\Gamma(10^{12})", "\\sqrt{99999999!}", "x!^{x!^{x!}}",
    "100000! + 100000! + 100000!", "\\log(99999999!)", "(-5000000)!", "2^{99999!}", "\\sum_{n=1}^{10^6} n!",
]  # fmt: skip
_SUMS = [
    "\\sum_{n=1}^{10^{9}} \\frac{1}{n}", "\\sum_{n=1}^{10^{12}} n^{n}", "\\prod_{n=1}^{10^{8}} n",
    "\\sum_{a=1}^{9999}\\sum_{b=1}^{9999}\\sum_{c=1}^{9999} a b c", "\\prod_{n=1}^{\\infty} \\sin(n)",
    "\\sum_{n=1}^{\\infty} \\sin(n^{n})", "\\int_0^{\\infty} \\sin(x^{x^{x}}) dx", "\\int e^{e^{e^{x}}} \\sin(\\tan(x)) dx",
    "\\int\\int\\int e^{x^{2}y^{2}z^{2}} dx dy dz", "\\lim_{x\\to\\infty} x!^{1/x^{x}}", "\\lim_{n\\to\\infty} \\sum_{k=1}^{n} k^{k}",
    "\\int_0^1 \\frac{\\ln(1+x^{\\pi})}{\\sqrt{1-x^{e}}} dx", "\\frac{d^{100000}}{dx^{100000}} x^{x}",
    "\\sum_{n=1}^{10^{7}} \\sum_{m=1}^{n} \\gcd(n,m)", "\\prod_{p=1}^{10^{6}} (1-x^{p})", "\\int_{-\\infty}^{\\infty} |\\sin(x)|^{x} dx",
]  # fmt: skip
_ALGEBRA = [
    "+".join(f"\\sqrt{{{number}}}" for number in range(2, 60)),
    "\\sqrt{2+" * 40 + "2" + "}" * 40,
    "\\frac{1}{1+" * 60 + "x" + "}" * 60,
    "\\sin(" * 60 + "x" + ")" * 60,
    "x^{" * 200 + "2" + "}" * 200,
    "(x+1)" * 150,
    "(a+b+c+d+e+f)^{60} = (a-b-c-d-e-f)^{60}",
    "x^{7}+x^{5}y^{3}-z^{11}+xyz=17 = x^{3}",
    "\\sin^{40}(x)+\\cos^{40}(x)-\\tan^{40}(x)",
    "\\cos\\frac{\\pi}{65537}+\\cos\\frac{2\\pi}{65537}",
    "\\sqrt[99999]{2}+\\sqrt[99998]{3}",
    "|".join("x" * 40),
    "\\{" + ",".join(f"\\sqrt{{{n}}}^{{\\sqrt{{{n}}}}}" for n in range(80)) + "\\}",
    "\\begin{pmatrix}"
    + "\\\\".join("&".join(f"x^{{{r * c}}}" for c in range(15)) for r in range(15))
    + "\\end{pmatrix}",
    "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^{10^{9}}",
    "\\det\\begin{pmatrix}"
    + "\\\\".join("&".join(f"a_{{{r}{c}}}" for c in range(9)) for r in range(9))
    + "\\end{pmatrix}",
    " \\cup ".join(f"({n},{n}+\\sqrt{{2}})" for n in range(60)),
    "0 < " + " < ".join(f"x^{{{n}}}" for n in range(2, 40)),
    "\\frac{\\frac{\\frac{x^{99}-1}{x-1}}{x^{98}-1}}{x^{97}-1}",
    "x^{100000}-1",
    "\\gcd(10^{300}+1, 10^{299}+7)",
    "(10^{4000}+1)(10^{4000}-1)",
    "1" * 1900,
    "0." + "1" * 1900,
    "1" * 900 + "/" + "3" * 900,
]
_PAYLOADS = [
    f"__import__('os').system('touch {CANARY}')",
    f"open('{CANARY}','w').write('x')",
    f'exec(\'open("{CANARY}","w")\')',
    f'eval(\'__import__("pathlib").Path("{CANARY}").touch()\')',
    f"().__class__.__bases__[0].__subclasses__()[0].__init__.__globals__['__builtins__']['open']('{CANARY}','w')",
    f'N(\'__import__("os").system("touch {CANARY}")\')',
    f'sympify(\'open("{CANARY}","w")\')',
    f"lambda: open('{CANARY}', 'w')",
    f"[x for x in [open('{CANARY}','w')]]",
    "__import__('socket').create_connection(('127.0.0.1', 9))",
    "__import__('subprocess').Popen(['sleep', '60'])",
    "__import__('os').kill(__import__('os').getppid(), 9)",
    "__import__('os').fork()",
    "globals()['__builtins__']",
    "1 if __import__('time').sleep(60) else 2",
]
_POSITIONS = [
    "{}",
    "\\text{{{}}}",
    "\\frac{{{}}}{{2}}",
    "\\sqrt{{{}}}",
    "x_{{{}}}",
    "({}, 2)",
    "\\{{{}, 1\\}}",
    "x = {}",
    "1 + {}",
]
_ODD = [
    "\x00", "7\x00", "\x00" * 500 + "7", "\u202e7\u202c", "７\u200b８", "\ud800", "7\udfff", "𝟕𝟖", "٧", "Ⅶ", "七",
    "🤖" * 300, "7\u0301" * 300, "\u2028" * 100, "\x1b[31m7", "\\u0000", "%s%s%s%n", "{0.__class__}", "${jndi:ldap://x}",
    "\\input{/etc/passwd}", "\\write18{touch " + CANARY + "}", "\\def\\x{\\x\\x}\\x", "\\csname end\\endcsname",
    "\ue0007\ue001", "\ue002", "NaN", "inf", "-inf", "1e999999999", "1E-999999999", "0/0", "1/0", "\\frac{0}{0}", "0^{0}",
    "\\frac{1}{0}", "\\log 0", "\\tan 90^\\circ", "\\infty - \\infty", "0x41414141", "1_000", "07", "--7", "+-+-8", "7..8", "7,,8",
    ",", ";", "()", "[]", "\\{\\}", "{}", "$", "$$", "\\", "\\\\", "^", "_", "&", "#", "%", "~",
]  # fmt: skip
_NESTED = [
    "{" * 2000 + "7" + "}" * 2000, "(" * 2000 + "7" + ")" * 2000, "[" * 2000, "}" * 2000, "\\frac{" * 900, "\\left(" * 900,
    "\\sqrt{" * 900 + "7" + "}" * 900, "-" * 1900 + "7", "|" * 1900, "7^" * 900 + "7", "7_" * 900, "\\{" * 900, "," * 1900,
    "=" * 1900, "x=" * 900, "\\cup" * 480, "\\pm 1" * 380, "1\\pm" * 475, "(1,(" * 480, "\\begin{pmatrix}" * 130,
    "\\text{" * 380, "\\boxed{" * 270 + "7", "a" * 1999, "1 " * 999, "1/" * 999, "1:" * 999, "\\%" * 990, "^\\circ" * 330,
]  # fmt: skip
_HUGE = [
    "1" * 1_000_000, "{" * 1_000_000, "x+" * 500_000, "\\frac{1}{" * 110_000, "9^{" * 330_000, " " * 1_000_000 + "8",
    "<Answer>" * 125_000, "\\boxed{" * 140_000, "answer is " * 100_000, "$" * 1_000_001, "\n" * 1_000_000 + "8", "(" * 1_000_000,
]  # fmt: skip
MATH_VERIFY_ISSUE_65 = [
    "\\dfrac{5^{\\left(5^{\\left(5^{\\left(5^5\\right)}\\right)} - 4\\right)} - 5}{16}",  # the input of the issue
    "\\frac{(2n)!}{2^{n} n!} = \\prod_{k=1}^{n} (2k-1)^{(2k-1)^{n!}}",
    "x^{2^{2^{2^{2^{2}}}}} - \\sqrt{x^{2^{2^{2^{2}}}}}",
    "\\frac{1}{2} \\left( 3^{3^{3^{3}}} + 1 \\right)^{\\frac{1}{3^{3^{3}}}}",
]


def hostile_cases() -> list[tuple[str, str, str]]:
    """All cases as (name, completion, reference answer)."""
    answers = [(kind, text) for kind, texts in _GROUPS.items() for text in texts]
    cases = [(f"{kind}-{place}", f"\\boxed{{{text}}}", "12345") for place, (kind, text) in enumerate(answers)]
    cases += [(f"payload-{p}-{q}", f"<Answer>{position.format(payload)}</Answer>", "12345")
              for p, payload in enumerate(_PAYLOADS) for q, position in enumerate(_POSITIONS)]  # fmt: skip
    cases += [(f"huge-{place}", text, "12345") for place, text in enumerate(_HUGE)]
    cases += [
        (f"reference-{place}", "\\boxed{12345}", text) for place, text in enumerate([*_TOWERS[:6], *_PAYLOADS[:6]])
    ]
    return cases


_GROUPS = {
    "tower": _TOWERS,
    "factorial": _FACTORIALS,
    "sum": _SUMS,
    "algebra": _ALGEBRA,
    "odd": _ODD,
    "nested": _NESTED,
    "issue65": MATH_VERIFY_ISSUE_65,
}
