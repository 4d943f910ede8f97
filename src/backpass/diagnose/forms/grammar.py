"""Reads a form that somebody wrote: "J, {dW1, db1} = f(X, y, W1, b1)", in Python's own syntax."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from ...errors import InvalidInput
from ..subject.subject import Parameter, Part
from .form import Argument, Call
from .layouts import TARGETS, WEIGHTS
from .plans import Plan, gives_of
from .reading import kind_of
from .roles import assignments, roles_of
from .template import Order, Template, leaves_of
from .wording import TO_ONE_MARKS

RIGHT = (
    "X, X1 (with its ones), Y (one-hot), y, y0 and y1 (labels from 0 and from 1), W1, b1, Theta1, "
    "theta, params, lam, rate, m, sizes, hidden_sizes, shapes, n_in, n_hidden, n_out, "
    "[W1, W2], {W1, b1}, ravel(W1, b1), numbers, texts, None, and what an earlier call returns"
)
LEFT = (
    "J, D, dW1, db1, D1, (dW1, db1), {dW1, db1}, of a training step W1 and b1, None for weights "
    "that are changed in place, _ for what is neither, and names that a later call is given"
)

MOST_LAYERS = 20  # of weights, that may be named

_J = re.compile(r"(.*_)?(j|loss|cost|error|objective)", re.IGNORECASE)
_D = re.compile(r"d|\w*_?grads?|gradients?|nabla|d_?theta|d_?params", re.IGNORECASE)
_GRADIENT = re.compile(r"(d|g|nabla|delta|grad|Δ|∂).*|.*grad", re.IGNORECASE)
_AFFIX = re.compile(r"^(d|g|grad_?|nabla_?|delta_?)_?(?=\w)|_?grad$", re.IGNORECASE)

# What may follow a word, and what that says of how arrays lie.
_SINGLES = {"[i]": "vector", "[[i]]": "row", "[[i]].T": "column"}
_EXAMPLES = r"(\.T|\[i\]|\[\[i\]\](?:\.T)?)?"
_MARKS = {
    "X": _EXAMPLES,
    "y": r"(?:\[:, None\]|\[None, :\])?" + _EXAMPLES,
    "W": r"(?:\.T|\[:, 0\])?",
    "b": r"(?:\[:, None\]|\[None, :\]|\[0\])?",
}
_TARGETS = {"Y": ("one-hot",), "y0": ("labels 0",), "y1": ("labels 1",)}

At = tuple[int, tuple[int | str, ...]]
Line = tuple[ast.expr | None, ast.Call]


def said_plans(form: str, parts: Sequence[Part]) -> list[Plan]:
    """The plans that a form says; several where a word may mean two things.

    Parameters
    ----------
    form : str
        Calls with what they return, one a line or parted by semicolons.
    parts : sequence of Part
        The code.

    Raises
    ------
    InvalidInput
        If it is no such form; the message names the word that is at fault.
    """
    everything = list(map(_parsed, _lines(form)))
    lines = [(left, call) for left, call in everything if isinstance(call, ast.Call)]
    if not lines:
        raise _no_call(form)
    settings = tuple(_setting(*line, parts) for line in everything if line not in lines)
    reader = _Reader(parts, _first(lines), _given(lines))
    by_line = [reader.calls(i, *line) for i, line in enumerate(lines)]
    reader.check_bound()
    texts = tuple(text for part in parts for text in part.texts)
    return [
        Plan(calls, *reader.made, texts, reader.allowed, settings)
        for calls in itertools.product(*by_line)
    ]


def check_form(form: str, names: Sequence[str]) -> None:
    """Raise InvalidInput where a form cannot be that of functions of these names.

    Parameters
    ----------
    form : str
        As for ``said_plans``.
    names : sequence of str
        What the code will be called; forms of methods are looked at when the class is there.
    """
    calls = [call for _, call in map(_parsed, _lines(form)) if isinstance(call, ast.Call)]
    if all(isinstance(call.func, ast.Name) for call in calls):
        said_plans(form, [Part(name, "function", ()) for name in names])


def _lines(form: object) -> list[str]:
    if not isinstance(form, str):
        raise InvalidInput(f"The form must be a text, not {type(form).__name__}.")
    return [line for line in re.split(r"[;\n]", form) if line.strip()] or [form]


def _setting(left: ast.expr | None, word: ast.expr, parts: Sequence[Part]) -> Argument:
    """A name of the module, and what it is."""
    name, roles = ast.unparse(left or word), roles_of(ast.unparse(word))
    known = [each for part in parts for each in part.names]
    if known and name not in known:
        raise InvalidInput(f"The form sets {name!r}, which the code does not read.")
    if not roles or roles[0] in ("X", "y", "W", "b", "params"):
        raise _unknown(ast.unparse(word), "right", RIGHT)
    return Argument(roles[0], name)


def _parsed(line: str) -> tuple[ast.expr | None, ast.expr]:
    """What comes back, where that is said, and the call; or a name of the module and its word."""
    text = re.sub(r"\blambda\b", "lam", line.strip())
    left, _, right = text.partition("=")
    found = _expression(text)
    answer = None if found is not None else _expression(left)
    found = found if found is not None or answer is None else _expression(right)
    setting = isinstance(found, ast.Name) and isinstance(answer, ast.Name)
    if found is None or not (setting or isinstance(found, ast.Call)):
        raise _no_call(line)
    return answer, found


def _expression(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        return None


def _no_call(text: str) -> InvalidInput:
    return InvalidInput(
        f"The form {text.strip()!r} is no call; write it as 'J, D = f(theta, sizes, X, Y, lam)'."
    )


def _first(lines: Sequence[Line]) -> int:
    """Whether layers are counted from 0 or from 1."""
    nodes = [node for line in lines for side in line if side is not None for node in ast.walk(side)]
    names = [node.id for node in nodes if isinstance(node, ast.Name)]
    weights = [name for name in names if _is_weights(name) or kind_of((name,)) is not None]
    return 0 if any(re.findall(r"\d+", name)[-1:] == ["0"] for name in weights) else 1


def _given(lines: Sequence[Line]) -> set[str]:
    """Every word that some call is given."""
    nodes = [node for _, call in lines for node in ast.walk(call)]
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def _is_weights(word: str) -> bool:
    return bool({"W", "b"} & set(roles_of(word)))


@dataclass
class _Reader:
    """Reads one call after another, and knows what earlier ones returned."""

    parts: Sequence[Part]
    first: int
    given: set[str]
    allowed: dict[str, set[str | bool]] = field(default_factory=dict)
    made: tuple[str, tuple[Argument, ...] | None] = ("", None)
    bound: dict[str, At] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    layers: dict[tuple[str, str], int] = field(default_factory=dict)
    named: set[tuple[str, str]] = field(default_factory=set)  # in this call

    def calls(self, i: int, left: ast.expr | None, node: ast.Call) -> list[Call]:
        """One call, as each of what its words may mean."""
        part, method = self._part(node.func)
        arguments, open_words = self._arguments(node, part)
        answer, told = (None, "") if left is None else self._said(left, i, arguments, node)
        found = []
        for roles in assignments([Parameter(word) for word in open_words.values()], alone=False):
            settled = list(arguments)
            for k, role in zip(open_words, roles):
                settled[k] = replace(settled[k], role=role)
            alone = len(self.parts) == 1 and not method
            for gives in [told] if told else _gives(part, settled, alone):
                found.append(Call(part.name, tuple(settled), gives, part.returns, method, answer))
        return found

    def check_bound(self) -> None:
        """Whether every word left of = is known, or is given to a later call."""
        for word in self.bound.keys() - self.used:
            raise _unknown(word, "left", LEFT)

    # --- what is called ------------------------------------------------------------------------

    def _part(self, func: ast.expr) -> tuple[Part, bool]:
        """The function or the method, and whether it is one."""
        first = self.parts[0]
        if len(self.parts) == 1 and first.kind == "function" and isinstance(func, ast.Name):
            return first, False  # whatever the form calls it
        name = func.attr if isinstance(func, ast.Attribute) else ast.unparse(func)
        offered = dict(first.methods) or {part.name: part for part in self.parts}
        if name not in offered or isinstance(func, ast.Attribute) != bool(first.methods):
            raise InvalidInput(f"The form calls {name!r}, but there is {', '.join(offered)}.")
        if isinstance(func, ast.Attribute):
            self.made = first.name, self._of_the_class(func.value, first)
        return offered[name], bool(first.methods)

    def _of_the_class(self, node: ast.expr, part: Part) -> tuple[Argument, ...]:
        """What an instance is made with."""
        if not isinstance(node, ast.Call):
            return ()
        arguments, open_words = self._arguments(node, part)
        for k, word in open_words.items():
            arguments[k] = replace(arguments[k], role=roles_of(word)[0])
        return tuple(arguments)

    # --- what is given -------------------------------------------------------------------------

    def _arguments(self, node: ast.Call, part: Part) -> tuple[list[Argument], dict[int, str]]:
        """The arguments, and the words of those whose roles are told from them."""
        self.named.clear()
        own = [p.name for p in part.parameters] + [""] * len(node.args)
        given = [(value, name, False) for value, name in zip(node.args, own)]
        given += [(keyword.value, keyword.arg or "", True) for keyword in node.keywords]
        if any(known and not name for _, name, known in given):
            raise _unknown("**", "right", RIGHT)
        weights = [word for word in (_word(value) for value, _, _ in given) if _is_weights(word)]
        arguments: list[Argument] = []
        open_words: dict[int, str] = {}
        for value, own_name, known in given:
            word = _word(value)
            name = own_name or word
            if word in self.bound:
                self.used.add(word)
                arguments.append(Argument("handed", name, known, self.bound[word]))
            elif not word and _is_constant(value):
                constant = ast.literal_eval(value)
                arguments.append(Argument("constant", name, known, constant=constant))
            elif not word or (_is_weights(word) and _alone(word, weights)):
                arguments.append(Argument("built", name, known, built=self._built(value)))
            else:
                open_words[len(arguments)] = self._marked(value, word)
                arguments.append(Argument("open", name, known))
        return arguments, open_words

    def _built(self, node: ast.expr) -> Template:
        """Weights in lists, tuples, sets, dictionaries and vectors."""
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            kind = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "dict"}[type(node)]
            keys = tuple(map(_word, node.elts)) if kind == "dict" else ()
            return Template(kind, parts=tuple(map(self._built, node.elts)), keys=keys)
        if isinstance(node, ast.Dict):
            parts = tuple(map(self._built, node.values))
            return Template("dict", parts=parts, keys=tuple(map(_key, node.keys)))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "ravel" and node.args:
            order: Order = "F" if any(ast.unparse(k.value) == "'F'" for k in node.keywords) else "C"
            return Template("ravel", parts=tuple(map(self._built, node.args)), order=order)
        word = _word(node)
        if not _is_weights(word):
            raise _unknown(word or ast.unparse(node), "right", RIGHT)
        self._marked(node, word)
        kind = "b" if "b" in roles_of(word) else "W"
        return Template("block", word, (kind, self._layer(kind, word)))

    def _layer(self, kind: str, word: str) -> int:
        """By its number; else in the order of the words."""
        known, numbers = self.layers.get((kind, word)), re.findall(r"\d+", word)
        if numbers:
            known = int(numbers[-1]) - self.first + 1
        elif known is None or (kind, word) in self.named:
            known = 1 + max((l for (k, _), l in self.layers.items() if k == kind), default=0)
        if not 0 < known <= MOST_LAYERS:
            raise _unknown(word, "right", RIGHT)
        self.layers[kind, word] = known
        self.named.add((kind, word))
        return known

    def _marked(self, node: ast.expr, word: str) -> str:
        """Keep what a word and its marks say of how arrays lie; return the word of its role."""
        roles = ("y",) if word in _TARGETS else roles_of(word)
        text = ast.unparse(node)
        if text == "2 * Y - 1":
            self._allow("y", {"±1"})
            return "y"
        mark = text.removeprefix(word)
        pattern = _MARKS.get(roles[0], "") if roles else ""
        if not roles or re.fullmatch(pattern, mark) is None:
            raise _unknown(text, "right", RIGHT)
        if roles[0] in ("X", "y"):
            self._of_examples(word, mark)
        elif mark in TO_ONE_MARKS.values():
            self._allow("to_one", {True})
        elif roles[0] == "W" and mark:
            whole = word[0] in "tTθΘ"
            self._allow("weights", {w for w in WEIGHTS if ("transposed" in w) == whole} - _PLAIN)
        elif roles[0] == "b" and mark:
            self._allow("bias", {"column" if mark == "[:, None]" else "row"})
        return "y" if word in _TARGETS else word

    def _of_examples(self, word: str, mark: str) -> None:
        """What words for X and y say."""
        if word == "X1":
            self._allow("ones", {True})
        if word in _TARGETS:
            column = "None" in mark
            kinds = {name for name in TARGETS if name.startswith(_TARGETS[word])}
            self._allow("y", {k for k in kinds if not column or "column" in k})
        of_one = mark[mark.index("[i") - ("[[i" in mark) :] if "[i" in mark else ""
        if of_one and word not in ("y", "y0", "y1"):
            self._allow("single", {_SINGLES[of_one]})
        elif of_one:
            self._allow("single", set(_SINGLES.values()))
        elif mark.endswith(".T"):
            self._allow("rows", {False})

    def _allow(self, name: str, values: Collection[str | bool]) -> None:
        self.allowed[name] = self.allowed.get(name, set(values)) & set(values)
        if not self.allowed[name]:
            raise InvalidInput("The form says two things of how the same arrays lie.")

    # --- what comes back -----------------------------------------------------------------------

    def _said(
        self, left: ast.expr, i: int, arguments: Sequence[Argument], node: ast.Call
    ) -> tuple[Template, str]:
        """Where J and gradients are in what comes back, and what the call therefore gives."""
        if isinstance(left, ast.Constant) and left.value is None:
            given = [a.built or Template("other") for a in arguments[: len(node.args)]]
            return Template("after", parts=tuple(given)), "weights"
        answer = self._answer(left, i, ())
        leaves = list(leaves_of(answer))
        gradients = [leaf for leaf in leaves if leaf.kind in ("block", "D")]
        if any(not _GRADIENT.fullmatch(leaf.name) for leaf in gradients):
            return answer, "weights"
        has_J = any(leaf.kind == "J" for leaf in leaves)
        if not gradients:
            return answer, "J" if has_J else "nothing"
        return answer, "both" if has_J else "gradient"

    def _answer(self, node: ast.expr, i: int, path: tuple[int | str, ...]) -> Template:
        keys: tuple[str, ...] = ()
        if isinstance(node, ast.Name):
            return self._leaf(node.id, (i, path))
        if isinstance(node, ast.Set):
            keys, parts = tuple(map(_word, node.elts)), node.elts
        elif isinstance(node, ast.Dict):
            keys, parts = tuple(map(_key, node.keys)), node.values
        elif isinstance(node, ast.List | ast.Tuple):
            parts = node.elts
        else:
            raise _unknown(ast.unparse(node), "left", LEFT)
        at: Sequence[int | str] = keys or range(len(parts))
        below = [self._answer(part, i, (*path, k)) for k, part in zip(at, parts)]
        kind = "dict" if keys else "tuple" if isinstance(node, ast.Tuple) else "list"
        return Template(kind, parts=tuple(below), keys=keys)

    def _leaf(self, word: str, at: At) -> Template:
        kind = kind_of((word,))
        if word == "_":
            return Template("other", word)
        if word in self.given and not _is_weights(word):
            self.bound[word] = at
        if _J.fullmatch(word):
            return Template("J", word)
        if word in self.bound:
            return Template("other", word)
        if _D.fullmatch(word) or roles_of(word) == ("params",):
            return Template("D", word)
        if kind is None and not _is_weights(word):
            self.bound[word] = at
            return Template("other", word)
        kind = kind or ("b" if "b" in roles_of(word) else "W")
        stems = [word, _AFFIX.sub("", word)]
        known = next((self.layers[kind, s] for s in stems if (kind, s) in self.layers), None)
        if known is None and not re.search(r"\d", word):
            return Template("D", word)
        return Template("block", word, (kind, known or self._layer(kind, word)))


_PLAIN = {"Theta", "Theta, bias last", "in × out"}


def _alone(word: str, weights: Sequence[str]) -> bool:
    """Whether a word stands for one block, as it has a number, or is one of several."""
    same = [each for each in weights if ("b" in roles_of(each)) == ("b" in roles_of(word))]
    return bool(re.search(r"\d", word)) or len(same) > 1


def _gives(part: Part, arguments: Sequence[Argument], alone: bool) -> tuple[str, ...]:
    """What a call gives, where nothing is said of what comes back."""
    gives = gives_of(part.name)
    if not alone:
        return (gives,)
    if any(argument.role == "rate" for argument in arguments):
        return ("weights", "both")
    return ("both", "weights") if gives == "weights" else ("both",)


def _word(node: ast.expr) -> str:
    """The word that marks such as .T follow."""
    if ast.unparse(node) == "2 * Y - 1":
        return "Y"
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _key(node: ast.expr | None) -> str:
    if node is None:
        raise _unknown("**", "", "keys")
    return str(node.value) if isinstance(node, ast.Constant) else ast.unparse(node)


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant)


def _unknown(word: str, side: str, words: str) -> InvalidInput:
    return InvalidInput(f"The form has {word!r}, which is no word; {side} of = there are {words}.")
