"""The mountains in 3-D: the one place that imports plotly."""

from __future__ import annotations

import html
import os
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..extras import optional
from ..plots import canvas
from ..storage.atomic import atomic_write
from .contours import colour_of
from .picture import Picture, TrajectoryProjection

if TYPE_CHECKING:
    from plotly.graph_objects import Figure, Frame, Scatter3d, Surface

Options = dict[str, Any]  # of a part of a figure: each has its own

_MOST_FRAMES = 40
_HOVER = (
    "%{fullData.name}, step %{customdata[0]:.0f}<br>J = %{z:.6g}<br>"
    "%{customdata[1]:.3g} away from the plane (%{customdata[2]:.0%} of its way)<extra></extra>"
)
_MARK_HOVER = (
    "%{fullData.name}<br>J = %{z:.6g}<br>%{customdata[0]:.3g} away from the plane<extra></extra>"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0 auto; max-width: 70rem; padding: 1rem;
        font: 16px/1.5 system-ui, sans-serif; }}
h1 {{ font-size: 1.3rem; margin: 0; }}
table {{ margin-top: 1.5rem; border-collapse: collapse; font-variant-numeric: tabular-nums; }}
td, th {{ padding: 0.15rem 0.8rem; text-align: right; border-bottom: 1px solid #8884; }}
td:first-child, th:first-child {{ text-align: left; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{about}</p>
{figure}
{table}
</body>
</html>
"""


def surface_figure(picture: Picture, fog: float | None) -> Figure:
    """Build the figure: ground, ways, walkers; a slider for the steps, a button for the fog."""
    go = _graph_objects()
    grounds = [_ground(go, picture, picture.values)]
    if fog is not None:
        grounds.append(_ground(go, picture, picture.in_fog(fog, None)).update(visible=False))
    trajectories = [
        _trajectory(go, k, trajectory) for k, trajectory in enumerate(picture.trajectories)
    ]
    marks = [_mark(go, mark) for mark in _marked(picture)]
    figure = go.Figure([*grounds, *trajectories, *marks], layout=_layout(picture))
    if picture.trajectories:
        _add_steps(go, figure, picture, fog)
    if fog is not None:
        _add_fog_buttons(figure)
    return figure


def write_page(
    picture: Picture, path: str | os.PathLike[str], *, fog: float | None, title: str, about: str
) -> None:
    """Write the figure, plotly's script inside it, and the walkers' table as one page."""
    figure = surface_figure(picture, fog).to_html(
        full_html=False,
        include_plotlyjs=True,
        include_mathjax=False,
        default_height="75vh",
        auto_play=False,
    )
    sentence = f"{about}: {_about(picture)}"
    page = _PAGE.format(
        title=html.escape(title), about=html.escape(sentence), figure=figure, table=_table(picture)
    )
    atomic_write(path, page.encode("utf-8"), force=True)


def _graph_objects() -> ModuleType:
    return optional("plotly.graph_objects", "Drawing the mountains in 3-D")


def _about(picture: Picture) -> str:
    if not picture.trajectories:
        return "the heights of J over a plane through the space of its parameters."
    return (
        "the heights of J over a plane through the space of its parameters. A way is drawn at its "
        "own height; where it floats over the ground or runs below it, it is away from the plane. "
        f"The plane shows {100 * picture.shown:.0f} % of the ways' spread about its center."
    )


def _ground(go: ModuleType, picture: Picture, J: np.ndarray) -> Surface:
    return go.Surface(
        x=picture.axes[0],
        y=picture.axes[1],
        z=J,
        cmin=float(np.nanmin(picture.values)),
        cmax=float(np.nanmax(picture.values)),
        colorscale="Cividis",
        colorbar={"title": "J", "thickness": 14, "len": 0.6},
        contours={"z": {"show": True, "usecolormap": False, "color": "#ffffff", "width": 1}},
        hovertemplate="α = %{x:.3g}<br>β = %{y:.3g}<br>J = %{z:.6g}<extra></extra>",
        name="J",
        opacity=0.9,
    )


def _trajectory(go: ModuleType, k: int, trajectory: TrajectoryProjection) -> Scatter3d:
    steps = np.arange(len(trajectory.J))
    look = {"color": colour_of(k), "width": 7, "dash": ("solid", "dash", "dot")[k // 4 % 3]}
    return _up_to(go, trajectory, len(steps) - 1).update(
        customdata=np.column_stack([steps, trajectory.distance, trajectory.hidden]),
        mode="lines+markers",
        line=look,
        marker_color=colour_of(k),
        name=trajectory.name,
        hovertemplate=_HOVER,
    )


def _mark(go: ModuleType, mark: TrajectoryProjection) -> Scatter3d:
    """A diamond where the network stands, at its own height."""
    look = {"symbol": "diamond", "size": 7, "color": canvas.PAPER}
    return go.Scatter3d(
        x=mark.alpha,
        y=mark.beta,
        z=mark.J,
        customdata=[[float(mark.distance[0])]],
        mode="markers",
        marker={**look, "line": {"width": 2, "color": canvas.DARK}},
        name=mark.name,
        showlegend=True,
        hovertemplate=_MARK_HOVER,
    )


def _up_to(go: ModuleType, trajectory: TrajectoryProjection, step: int) -> Scatter3d:
    """A way as far as it has come: its start and the walker's place are larger points."""
    alpha, beta, J = (
        values[: step + 1] for values in (trajectory.alpha, trajectory.beta, trajectory.J)
    )
    sizes = np.full(len(J), 2)
    sizes[0], sizes[-1] = 5, 8
    return go.Scatter3d(x=alpha, y=beta, z=J, marker={"size": sizes, "line": {"width": 0}})


def _layout(picture: Picture) -> Options:
    clear = "rgba(0,0,0,0)"
    heights = np.concatenate(
        [picture.values.ravel(), *(each.J for each in (*picture.trajectories, *_marked(picture)))]
    )
    scene = {
        "xaxis": _axis("α", picture.axes[0]),
        "yaxis": _axis("β", picture.axes[1]),
        "zaxis": _axis("J", heights),
        "aspectratio": {"x": 1, "y": 1, "z": 0.6},
    }
    return {
        "scene": scene,
        "paper_bgcolor": clear,
        "font": {"color": canvas.INK},
        "margin": {"l": 0, "r": 0, "t": 60, "b": 110},
        "legend": {"x": 0, "y": 1},
        "uirevision": "the camera stays where it is",
    }


def _marked(picture: Picture) -> list[TrajectoryProjection]:
    return [] if picture.mark is None else [picture.mark]


def _axis(name: str, values: np.ndarray) -> Options:
    """An axis that keeps its range, whatever fog or steps show of it."""
    return {
        "title": {"text": name},
        "range": [float(np.nanmin(values)), float(np.nanmax(values))],
        "color": canvas.INK,
        "gridcolor": canvas.INK,
        "backgroundcolor": "rgba(0,0,0,0)",
    }


def _add_steps(go: ModuleType, figure: Figure, picture: Picture, fog: float | None) -> None:
    """Let a slider walk the walkers down; in fog, the ground is seen around them only."""
    last = max(len(trajectory.J) for trajectory in picture.trajectories) - 1
    stops = np.unique(np.linspace(0, last, _MOST_FRAMES).round().astype(int))
    figure.frames = [_frame(go, picture, int(step), fog) for step in stops]
    instantly = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}}
    steps = [
        {"label": str(step), "method": "animate", "args": [[str(step)], instantly]}
        for step in stops
    ]
    label = {"prefix": "step ", "font": {"color": canvas.INK}}
    figure.update_layout(
        sliders=[{"steps": steps, "active": len(steps) - 1, "currentvalue": label, "x": 0.1}]
    )


def _frame(go: ModuleType, picture: Picture, step: int, fog: float | None) -> Frame:
    """The ways up to a step; in fog with the ground that can be seen from there."""
    trajectories = [_up_to(go, trajectory, step) for trajectory in picture.trajectories]
    if fog is None:
        return go.Frame(
            name=str(step), data=trajectories, traces=list(range(1, len(trajectories) + 1))
        )
    seen = go.Surface(z=picture.in_fog(fog, step))
    return go.Frame(
        name=str(step), data=[seen, *trajectories], traces=list(range(1, len(trajectories) + 2))
    )


def _add_fog_buttons(figure: Figure) -> None:
    """Show all of the ground (trace 0), or what the walkers see of it (trace 1)."""
    buttons = [
        {"label": label, "method": "restyle", "args": [{"visible": visible}, [0, 1]]}
        for label, visible in (("lift the fog", [True, False]), ("fog", [False, True]))
    ]
    place = {"x": 0, "y": 1.1, "xanchor": "left", "yanchor": "top", "direction": "right"}
    place |= {"bgcolor": "#e4e4e4", "font": {"color": canvas.DARK}}  # for either paper
    figure.update_layout(updatemenus=[{"type": "buttons", "buttons": buttons, **place}])


def _table(picture: Picture) -> str:
    """The walkers as an HTML table."""
    if not picture.trajectories:
        return ""
    rows = "".join(
        f"<tr><td>{html.escape(w.name)}</td><td>{w.J[0]:.6g}</td><td>{w.J[-1]:.6g}</td>"
        f"<td>{len(w.J) - 1}</td><td>{w.distance[-1]:.3g}</td><td>{w.hidden[-1]:.0%}</td></tr>"
        for w in picture.trajectories
    )
    heads = ("walker", "J at its start", "J at its end", "steps", "from the plane", "hidden")
    head = "".join(f"<th>{name}</th>" for name in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
