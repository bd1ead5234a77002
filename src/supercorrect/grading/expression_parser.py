"""From normalised text to an expression: a tokenizer and a recursive descent over a small grammar.

expr   = ['-'] term (('+' | '-') term)*        term  = factor (['*' | '/'] factor)*
factor = '-' factor | atom ['!'] ['°'] ['^' argument]
"""

from __future__ import annotations

from fractions import Fraction

from supercorrect.grading.expression_tokens import tokenize
from supercorrect.grading.expressions import (
    FUNCTION_NAMES,
    Node,
    UnsupportedExpressionError,
    number_node,
)

MAX_DEPTH = 40
_GREEK_NAMES = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta lambda mu nu xi rho sigma tau phi varphi chi psi omega "
    "Gamma Delta Theta Lambda Omega Phi"
)
_GREEK = frozenset(_GREEK_NAMES.split())
_CONSTANTS = {"pi": "pi", "e": "e", "i": "i", "imath": "i"}
_CLOSING = {"(": ")", "{": "}", "[": "]", "|": "|"}


def parse_expression(text: str) -> Node:
    """Read a scalar expression.

    Raises:
        UnsupportedExpressionError: The text is not wholly inside the grammar.
    """
    parser = _Parser(tokenize(text))
    node = parser.expression()
    if parser.peek():
        raise UnsupportedExpressionError(f"unexpected {parser.peek()!r}")
    return node


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    def peek(self) -> str:
        """The next token; empty at the end."""
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _next(self) -> str:
        token = self.peek()
        self._place += 1
        return token

    def _accept(self, token: str) -> bool:
        if self.peek() == token:
            self._place += 1
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise UnsupportedExpressionError(f"expected {token!r}, got {self.peek()!r}")

    def expression(self) -> Node:
        """A sum."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise UnsupportedExpressionError("nested too deep")
        node = self._term()
        while self.peek() in ("+", "-"):
            node = Node(self._next(), (node, self._term()))
        self._depth -= 1
        return node

    def _term(self) -> Node:
        node, last, divided_by_number = self._factor(), "", False
        while True:
            token = self.peek()
            if token in ("*", "/"):
                self._next()
                divided_by_number = token == "/" and self.peek()[:1].isdigit()
                node, last = Node(token, (node, self._factor())), token
            elif token == " ":
                node, last = self._mixed_number(node, last), " "
            elif self._starts_atom(token):
                if divided_by_number:
                    raise UnsupportedExpressionError("1/2x can be read in two ways")
                node, last = self._juxtaposed(node, last), "*"
            else:
                return node

    def _mixed_number(self, whole: Node, last: str) -> Node:
        """`1 1/2`: an integer, a space and a fraction of integers."""
        self._next()
        parts = self._tokens[self._place : self._place + 3]
        if last or whole.op != "number" or len(parts) < 3 or not (parts[0] + parts[2]).isdigit() or parts[1] != "/":
            raise UnsupportedExpressionError("two numbers side by side")
        if int(parts[2]) == 0:
            raise UnsupportedExpressionError("division by zero")
        self._place += 3
        return Node("+", (whole, number_node(Fraction(int(parts[0]), int(parts[2])))))

    def _juxtaposed(self, left: Node, last: str) -> Node:
        """`2x` is a product, `1\\frac{2}{3}` a mixed number."""
        is_fraction = self.peek() == "\\frac"
        right = self._factor()
        integers = all(arg.op == "number" for arg in right.args) and right.op == "/"
        if is_fraction and not last and integers:
            if left.op == "number" and left.number.denominator == 1:
                return Node("+", (left, right))
            if left.op == "negate" and left.args[0].op == "number":
                return Node("-", (left, right))
        return Node("*", (left, right))

    @staticmethod
    def _starts_atom(token: str) -> bool:
        return bool(token) and (token[0].isalnum() or token[0] in "\\({." or token == "[") and token != "\\pm"

    def _factor(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise UnsupportedExpressionError("nested too deep")
        if self._accept("-"):
            node = Node("negate", (self._factor(),))
        elif self._accept("+"):
            node = self._factor()
        else:
            node = self._power(self._atom())
        self._depth -= 1
        return node

    def _power(self, node: Node) -> Node:
        while self._accept("!"):
            node = Node("factorial", (node,))
        if self._accept("°"):
            node = Node("degrees", (node,))
        if self._accept("^"):
            node = Node("^", (node, self._exponent()))
            if self._accept("!") or self.peek() == "^":
                raise UnsupportedExpressionError("two powers in a row")
        return node

    def _exponent(self) -> Node:
        if self._accept("-"):
            return Node("negate", (self._exponent(),))
        return self._atom()

    def _atom(self) -> Node:
        token = self._next()
        if token in ("(", "{", "[", "|"):
            node = self.expression()
            self._expect(_CLOSING[token])
            return Node("abs", (node,)) if token == "|" else node
        if token[:1].isdigit() or token[:1] == ".":
            if self.peek() == "_":
                raise UnsupportedExpressionError("a numeral with a base")
            return number_node(Fraction(token.rstrip(".") or "0"))
        if len(token) == 1 and token.isalpha():
            return self._name(token)
        if token.startswith("\\"):
            return self._command(token[1:])
        raise UnsupportedExpressionError(f"unexpected {token!r}")

    def _name(self, name: str) -> Node:
        if self._accept("_"):
            return Node("name", name=f"{name}_{self._subscript()}")
        return Node(_CONSTANTS[name]) if name in _CONSTANTS else Node("name", name=name)

    def _subscript(self) -> str:
        if not self._accept("{"):
            return self._next()
        parts = []
        while self.peek() not in ("}", ""):
            parts.append(self._next())
        self._expect("}")
        return "".join(parts)

    def _command(self, name: str) -> Node:
        if name == "frac":
            numerator = self._argument()
            return Node("/", (numerator, self._argument()))
        if name == "binom":
            upper = self._argument()
            return Node("binom", (upper, self._argument()))
        if name == "sqrt":
            degree = number_node(2)
            if self._accept("["):
                degree = self.expression()
                self._expect("]")
            return Node("root", (self._atom(), degree))
        if name in FUNCTION_NAMES:
            return self._function(name)
        if name in _CONSTANTS:
            return Node(_CONSTANTS[name])
        if name in _GREEK:
            return self._name(name)
        raise UnsupportedExpressionError(f"\\{name} is not in the grammar")

    def _argument(self) -> Node:
        """What `\\frac` takes: a group, or one digit of `\\frac12`."""
        token = self.peek()
        if token == " ":
            self._next()
            token = self.peek()
        if token.isdigit() and len(token) > 1:
            self._tokens[self._place] = token[1:]
            return number_node(int(token[0]))
        return self._atom()

    def _function(self, name: str) -> Node:
        base, power = None, None
        if self._accept("_"):
            base = self._atom()
        if self._accept("^"):
            power = self._exponent()
        argument = self._function_argument()
        if base is not None and name != "log":
            raise UnsupportedExpressionError(f"\\{name} with a subscript")
        node = Node(name, (argument,)) if base is None else Node("logbase", (base, argument))
        if power is None:
            return node
        if power.op == "negate":
            raise UnsupportedExpressionError(f"\\{name}^{{-1}} is an inverse or a reciprocal")
        return Node("^", (node, power))

    def _function_argument(self) -> Node:
        """`(x+1)`, or the product up to the next sign or function: `\\sin 2x \\cos x`."""
        if self.peek() in ("(", "{", "|"):
            return self._power(self._atom())
        node = self._power(self._atom())
        while self._starts_atom(token := self.peek()) and token[1:] not in FUNCTION_NAMES and token not in ("(", "["):
            node = Node("*", (node, self._power(self._atom())))
        return node
