"""Says how code is called and what comes back, in the words that ``grammar`` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..subject.runner import Plain
from .containers import CONTAINERS
from .form import Argument, Call, Form
from .layouts import Block, Layout
from .reading import Leaf, Path, Placed, leaves
from .template import Template, text_of


@dataclass(frozen=True)
class Heard:
    """What came back from one call, and what of it J and the gradient are."""

    value: Plain
    J: Leaf | None = None
    placed: Placed | None = None
    single: bool = False  # whether it has numbers in float32


# The words for arguments of each role, where their number or their layout does not matter.
WORDS = {
    "lam": "lam",
    "rate": "rate",
    "m": "m",
    "once": "1",
    "pairs": "pairs",
    "sizes": "sizes",
    "hidden sizes": "hidden_sizes",
    "shapes": "shapes",
    "size in": "n_in",
    "size out": "n_out",
}
WEIGHT_MARKS = {"out × in": ".T", "Theta, transposed": ".T", "Theta, transposed, bias last": ".T"}
BIAS_MARKS = {"row": "[None, :]", "column": "[:, None]"}
TO_ONE_MARKS = {"W": "[:, 0]", "b": "[0]"}
SINGLE_MARKS = {"vector": "[i]", "row": "[[i]]", "column": "[[i]].T"}
TARGET_WORDS = {
    "one-hot": "Y",
    "labels 1 … K": "y1",
    "labels 1 … K as a column": "y1[:, None]",
    "labels 0 … K − 1": "y0",
    "labels 0 … K − 1 as a column": "y0[:, None]",
    "±1": "(2 * Y - 1)",
}


def called_as(form: Form, heard: Sequence[Heard], n_layers: int) -> str:
    """The calls, one after another, as Python would have them.

    Parameters
    ----------
    form : Form
        How the code is called.
    heard : sequence of Heard
        What came back from each call.
    n_layers : int
        Of the network that it was called with.
    """
    names = _handed(form)
    lines = [f"{s.name} = {_word(form, s, names, n_layers)}" for s in form.settings]
    for i, call in enumerate(form.calls):
        left = _left(form, heard[i], call) or _bound(i, call, names)
        words = ", ".join(_argument(form, a, names, n_layers) for a in call.arguments)
        right = f"{_made(form, n_layers)}{call.what}({words})"
        lines.append(f"{left} = {right}" if left else right)
    return "; ".join(lines)


def _made(form: Form, n_layers: int) -> str:
    if form.made_with is None:
        return ""
    words = [_argument(form, argument, {}, n_layers) for argument in form.made_with]
    return f"{form.made}({', '.join(words)})."


# --- what is given -------------------------------------------------------------------------------


def _argument(
    form: Form, argument: Argument, names: Mapping[tuple[int, tuple[str, ...]], str], n: int
) -> str:
    word = _word(form, argument, names, n)
    return f"{argument.name}={word}" if argument.keyword else word


def _word(
    form: Form, argument: Argument, names: Mapping[tuple[int, tuple[str, ...]], str], n: int
) -> str:
    role, layout = argument.role, form.layout
    if argument.handed is not None:
        call, at = argument.handed
        return names[call, tuple(map(str, at))]
    if argument.built is not None:
        return text_of(argument.built, lambda leaf: _block(leaf.block, layout, n, leaf.name))
    if role == "constant":
        return repr(argument.constant)
    if role == "X":
        return ("X1" if layout.ones else "X") + _of_examples(layout)
    if role == "y":
        return _targets(layout)
    if role == "size hidden":
        place = form.order(role).index(argument.name)
        return f"n_hidden{place + 1}" if n > 3 else "n_hidden"
    return WORDS.get(role) or _weights(form, argument, n)


def _of_examples(layout: Layout) -> str:
    return SINGLE_MARKS[layout.single] if layout.single else "" if layout.rows else ".T"


def _targets(layout: Layout) -> str:
    word = TARGET_WORDS[layout.y]
    if word in ("y0", "y1"):
        return f"{word}[i]" if layout.single else word
    return word + _of_examples(layout)


def _weights(form: Form, argument: Argument, n: int) -> str:
    """One block, or what holds several of them."""
    role, layout = argument.role, form.layout
    if role in ("W", "b"):
        place = form.order(role).index(argument.name)
        return _block((role, place + 1), layout, n)
    blocks = _blocks(layout, n)
    if role in ("Ws", "bs"):
        one_kind = [block for block in blocks if (block[0] == "b") == (role == "bs")]
        return f"[{', '.join(_block(block, layout, n) for block in one_kind)}]"
    template = CONTAINERS[form.container](blocks, form.texts)
    if form.any_depth:
        return "theta" if template.kind == "ravel" else "params"
    return text_of(template, lambda leaf: _block(leaf.block, layout, n))


def _blocks(layout: Layout, n_layers: int) -> list[Block]:
    kinds = {"in Theta": ["Theta"], "none": ["W"]}.get(layout.bias, ["W", "b"])
    return [(kind, l) for l in range(1, n_layers) for kind in kinds]


def _block(block: Block | None, layout: Layout, n_layers: int, name: str = "") -> str:
    kind, l = block or ("", 0)
    if layout.to_one and l == n_layers - 1:
        return (name or f"{kind}{l}") + TO_ONE_MARKS[kind]
    if kind == "b":
        return (name or f"b{l}") + BIAS_MARKS.get(layout.bias, "")
    whole = "Theta" if layout.bias == "in Theta" else "W"
    return (name or f"{whole}{l}") + WEIGHT_MARKS.get(layout.weights, "")


# --- what comes back -----------------------------------------------------------------------------


def _handed(form: Form) -> dict[tuple[int, tuple[str, ...]], str]:
    """A name for each value that one call hands to a later one."""
    handed = [a for call in form.calls for a in call.arguments if a.handed is not None]
    names: dict[tuple[int, tuple[str, ...]], str] = {}
    for argument in handed:
        call, at = argument.handed or (0, ())
        said = _at(form.calls[call].answer, at)
        names.setdefault((call, tuple(map(str, at))), said or argument.name)
    return names


def _at(template: Template | None, at: Sequence[int | str]) -> str:
    """The name that was said for a part of what comes back."""
    for key in at:
        if template is None:
            return ""
        place = template.keys.index(str(key)) if template.keys else int(key)
        template = template.parts[place]
    return "" if template is None else template.name


def _bound(i: int, call: Call, names: Mapping[tuple[int, tuple[str, ...]], str]) -> str:
    """What a call returns that is handed on."""
    own = {at: name for (source, at), name in names.items() if source == i}
    if not own or () in own:
        return own.get((), "")
    return ", ".join(own.get((str(k),), "_") for k in range(len(call.returns)))


def _left(form: Form, heard: Heard, call: Call) -> str:
    """J and the gradients where they are in what came back."""
    if call.answer is not None:
        return "None" if call.answer.kind == "after" else _bare(call.answer)
    told = _told(form, heard, call)
    template = _found(heard.value, (), told, form.any_depth)
    return "" if template is None or template.kind == "other" else _bare(template)


def _bare(template: Template) -> str:
    text = text_of(template, lambda leaf: leaf.name or "_")
    return (
        text[1:-1].rstrip(",") if template.kind in ("list", "tuple") and text[0] in "[(" else text
    )


def _told(form: Form, heard: Heard, call: Call) -> dict[Path, Template]:
    """What is known of each leaf, by its path in numbers and keys."""
    named = list(leaves(heard.value, (), call.returns))
    plain = dict(zip([path for path, _ in named], [path for path, _ in leaves(heard.value)]))
    told: dict[Path, Template] = {}
    for block, path in heard.placed.paths if heard.placed is not None else ():
        if path in plain:
            name = "D" if block is None else _gradient(block, call)
            told[plain[path]] = Template("D" if block is None else "block", name, block)
    if heard.J is not None and heard.J[0] in plain:
        told[plain[heard.J[0]]] = Template("J", "J")
    return told


def _gradient(block: Block, call: Call) -> str:
    kind, l = block
    if call.gives == "weights":
        return f"{kind}{l}"
    return f"D{l}" if kind == "Theta" else f"d{kind}{l}"


def _found(
    value: Plain, path: Path, told: Mapping[Path, Template], any_depth: bool
) -> Template | None:
    """Where they stand; all gradients together where the number of layers is open."""
    if path in told:
        return told[path]
    below = [template for at, template in told.items() if at[: len(path)] == path]
    if not below:
        return Template("other", "_")
    if any_depth and all(template.kind != "J" for template in below):
        return Template("D", "params" if below[0].name[0] in "WTb" else "D")
    if isinstance(value, dict):
        kept = {k: _found(v, (*path, k), told, any_depth) for k, v in value.items()}
        real = [(k, part) for k, part in kept.items() if part is not None and part.kind != "other"]
        real.sort(key=lambda pair: (pair[1].block or ("", 0))[::-1])  # W1, b1, W2, b2
        return Template("dict", parts=tuple(p for _, p in real), keys=tuple(k for k, _ in real))
    parts = [_found(each, (*path, str(i)), told, any_depth) for i, each in enumerate(value)]
    return Template("list", parts=tuple(part for part in parts if part is not None))
