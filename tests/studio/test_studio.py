"""The studio without a browser: the page's text, the session, and who is let in."""

import json
import re
import shutil
import threading
import time
import urllib.error
import urllib.request
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse
from served_pages import serve
from sklearn.datasets import load_digits
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

import backpass as bp
from backpass.arrays import ImageShape
from backpass.errors import InvalidInput
from backpass.studio import page as page_module
from backpass.studio import session as session_module
from backpass.studio.app import (
    Address,
    make_app,
    nan_to_null,
    new_address,
    parse_order,
)
from backpass.studio.news import Mailbox
from backpass.studio.page import MODULES, bake, render, static_file
from backpass.studio.page_state import PageState, page_state_of, targets_of
from backpass.studio.session import Hyperparameters, Session
from backpass.studio.session_data import SessionData
from backpass.studio.summary import validation
from backpass.training.checkpoints import Checkpoint
from backpass.training.monitor import Monitor

HOST, ORIGIN, TOKEN = "127.0.0.1:8000", "http://127.0.0.1:8000", "t0ken"
OWN = {"host": HOST, "origin": ORIGIN}


def make_page_state() -> tuple[PageState, SessionData]:
    X, y = load_digits(return_X_y=True)
    X, Y = X[:300] / 16, bp.one_hot(y[:300])
    net = bp.Network((64, 8, 10), "tanh", "log_loss")
    theta = bp.init_theta(net, 0, "glorot")
    state = PageState(
        net, theta, 0.5, X[:40], Y[:40], list(range(10)), ImageShape(8, 8), title="digits"
    )
    return state, SessionData(X[:200], Y[:200], X[200:], Y[200:])


@pytest.fixture
def client():
    app = make_app(*make_page_state(), Address("127.0.0.1", 8000, TOKEN))
    with TestClient(app, base_url=ORIGIN) as client:
        yield client


def test_the_page_holds_the_scene_in_full_precision():
    state, _ = make_page_state()
    page = render(state)
    held = json.loads(re.search(r'type="application/json">(.*?)</script>', page, re.S)[1])
    np.testing.assert_array_equal(held["theta"], state.theta)
    assert held["net"] == {"sizes": [64, 8, 10], "hidden": ["tanh"], "loss": "log_loss",
                           "parameter": None, "output": "softmax", "canonical": True}  # fmt: skip
    assert held["live"] is True


def test_a_title_cannot_end_the_script_that_holds_it():
    state, _ = make_page_state()
    page = render(PageState(**{**state.__dict__, "title": "</script><script>alert(1)</script>"}))
    assert "<script>alert" not in page


def test_the_offline_page_asks_for_nothing():
    state, _ = make_page_state()
    page = bake(state)
    text = re.sub(r'<script[^>]* id="plotly">.*?</script>', "", page, flags=re.S)
    assert not re.findall(r'(?:src|href)="(?!data:|#)', text)
    assert "import {" not in text
    assert "default-src 'none'" in text


def test_a_panel_is_one_file_in_the_folder_of_panels(tmp_path, monkeypatch):
    shutil.copytree(page_module.STATIC, tmp_path / "static")
    monkeypatch.setattr(page_module, "STATIC", tmp_path / "static")
    (tmp_path / "static" / "panels" / "hello.js").write_text(
        'import { short } from "../formulas.js";\n\nexport const panel = { title: "Hello" };\n'
    )
    modules = page_module.modules_of("studio.js")
    assert set(modules) == {*MODULES, "panels/hello.js"}
    assert modules.index("formulas.js") < modules.index("panels/hello.js")
    assert modules.index("panels/hello.js") < modules.index("panels.js")
    assert (
        'import { panel as hello } from "./panels/hello.js";' in static_file("panels.js").decode()
    )


def test_the_offline_page_has_every_module_once():
    script = bake(make_page_state()[0])
    for name in MODULES:
        assert script.count(f'modules["{name}"] = (() => {{') == 1


def test_a_scene_of_an_estimator(rng):
    X, y = rng.normal(size=(30, 3)), np.array(["no", "yes"] * 15)
    clf = bp.MLPClassifier((4,), max_iter=3, n_iter_no_change=5, random_state=0)
    clf.partial_fit(X, y, classes=["no", "yes"])
    state = page_state_of(clf, X, y)
    assert state.classes == ["no", "yes"]
    assert state.Y.shape == (30, clf.net_.sizes[-1])
    assert "made-up rows" in page_state_of(clf).title
    frame = bp.studio(clf, X, y)._repr_html_()
    assert frame.startswith("<iframe")


def test_a_scene_of_sparse_rows_and_labels(rng):
    X = rng.normal(size=(250, 5)) * (rng.random((250, 5)) < 0.3)
    y = (X[:, :2] > 0).astype(int)
    clf = bp.MLPClassifier((4,), max_iter=3, early_stopping=False, random_state=0)
    clf.partial_fit(X, scipy.sparse.csr_array(y), classes=[0, 1])
    for labels in (None, y):
        given = None if labels is None else scipy.sparse.csr_array(labels)
        ours = page_state_of(clf, scipy.sparse.coo_matrix(X), given)
        expected = page_state_of(clf, X, labels)
        np.testing.assert_array_equal(ours.X, X[:200])
        np.testing.assert_array_equal(ours.Y, expected.Y)


def test_a_page_without_a_notebook_says_in_a_line_what_it_is():
    clf = bp.MLPClassifier((3,), max_iter=1, early_stopping=False, random_state=0)
    clf.partial_fit(np.eye(40), np.arange(40) % 2, classes=[0, 1])
    page = bp.studio(clf, np.eye(40), np.arange(40) % 2)
    for shown in (repr(page), str(page), f"{page}"):
        assert str(clf.net_) in shown
        assert ".html" in shown
        assert "\n" not in shown
        assert len(shown) < 200


def test_user_made_functions_and_huge_networks_are_refused():
    class Fitted:
        alpha = 0.0
        theta_ = np.zeros(9)
        net_ = bp.Network((2, 2, 1), bp.Activation("mine", np.sin, np.cos))

        def predict(self, X):
            return np.zeros(len(X))

    with pytest.raises(InvalidInput, match=r"'mine'.*user-made"):
        page_state_of(Fitted())
    Fitted.net_ = bp.Network((2000, 1000, 1))
    with pytest.raises(InvalidInput, match="2002001 parameters"):
        page_state_of(Fitted())


def test_two_classes_may_share_one_output():
    net = bp.Network((2, 1), loss="binary_log_loss")
    np.testing.assert_array_equal(targets_of(net, ["b", "a"], ["a", "b"]), [[1], [0]])


def test_the_mailbox_keeps_the_latest_news_and_whole_curves():
    mailbox = Mailbox()
    mailbox.put({"epoch": 1, "curves": {"J": [3.0]}})
    mailbox.put({"epoch": 2, "curves": {"J": [2.0]}})
    assert mailbox.take() == {"epoch": 2, "curves": {"J": [3.0, 2.0]}}
    assert mailbox.take() is None


def wait_for(session: Session, seconds: float = 20) -> dict:
    news, end = {}, time.monotonic() + seconds
    while session.running and time.monotonic() < end:
        time.sleep(0.01)
    return news | (session.mailbox.take() or {})


def test_a_session_trains_and_tells():
    state, data = make_page_state()
    session = Session(state, data)
    before = validation(state.net, state.theta, data)[0]
    session.start(Hyperparameters(alpha=0.01, lam=0.1, epochs=15))
    news = wait_for(session)
    assert len(news["curves"]["J"]) == 15
    assert news["curves"]["J"][-1] < news["curves"]["J"][0]
    assert news["score"] > before + 0.2
    assert np.sum(news["confusion"]) == len(data.X_validation)
    assert news["going"] is False


def test_pausing_changing_and_stopping_keep_the_network():
    state, data = make_page_state()
    saved = []
    data = SessionData(data.X, data.Y, data.X_validation, data.Y_validation,
                  lambda theta: saved.append(theta.copy()) or "Saved.")  # fmt: skip
    session = Session(state, data)
    session.start(Hyperparameters(alpha=0.01, epochs=100_000))
    session.pause()
    session.hyperparameters.lam = 3.0
    session.resume()
    session.stop()
    assert not session.running
    assert np.isfinite(session.theta).all()
    session.save()
    np.testing.assert_array_equal(saved[-1], session.theta)


def test_a_divergent_run_keeps_the_last_finite_network():
    state, data = make_page_state()
    session = Session(state, data)
    session.start(Hyperparameters(alpha=1e200, lam=1.0, epochs=50))
    news = wait_for(session)
    assert "not finite" in news["says"]
    assert np.isfinite(session.theta).all()


def test_a_session_goes_on_from_its_checkpoint_to_the_same_bits(tmp_path):
    state, data = make_page_state()
    checkpoint = Checkpoint(tmp_path / "run", 3, {"network": "8"})
    hyperparameters = Hyperparameters(alpha=0.01, lam=0.1, epochs=8)

    def trained(data: SessionData, hyperparameters: Hyperparameters) -> Session:
        session = Session(state, data)
        session.start(hyperparameters)
        wait_for(session)
        return session

    undisturbed = trained(data, replace(hyperparameters, epochs=16)).theta
    kept = replace(data, checkpoint=checkpoint)
    first = trained(kept, hyperparameters)
    assert not np.array_equal(first.theta, undisturbed)
    second = Session(state, kept)
    np.testing.assert_array_equal(second.theta, first.theta)
    assert "Epoch 8" in second.mailbox.take()["says"]
    np.testing.assert_array_equal(trained(kept, hyperparameters).theta, undisturbed)
    with pytest.raises(InvalidInput, match="network was 8 and is now 9"):
        Session(state, replace(data, checkpoint=replace(checkpoint, identity={"network": "9"})))


def test_a_run_that_the_first_release_kept_goes_on(tmp_path):
    state, data = make_page_state()
    kept = replace(data, checkpoint=Checkpoint(tmp_path / "run", 1, {"network": "8"}))
    hyperparameters = Hyperparameters(alpha=0.01, lam=0.1, epochs=4)

    def trained(session: Session) -> Session:
        session.start(hyperparameters)
        wait_for(session)
        return session

    session = trained(Session(state, kept))
    run = kept.checkpoint.unfinished()
    of_then = {name: run[name] for name in ("theta", "solver", "epoch", "generator")}
    kept.checkpoint.keep(4, of_then)
    resumed = trained(Session(state, kept))
    np.testing.assert_array_equal(resumed.theta, trained(session).theta)


def test_changes_while_training_count_from_the_next_epoch_on():
    state, data = make_page_state()
    first, then = Hyperparameters(0.01, 0.1, 6), Hyperparameters(0.003, 2.0, 14)
    one_by_one = Session(state, data)
    for hyperparameters in (first, then):
        one_by_one.start(hyperparameters)
        wait_for(one_by_one)

    session = Session(state, data)
    put = session.mailbox.put

    def put_and_change(news):
        put(news)
        if news.get("epoch") == 6:
            session.hyperparameters.alpha, session.hyperparameters.lam = then.alpha, then.lam

    session.mailbox.put = put_and_change
    session.start(replace(first, epochs=20))
    wait_for(session)
    np.testing.assert_array_equal(session.theta, one_by_one.theta)


def test_a_paused_run_waits_and_goes_on_to_the_same_bits():
    state, data = make_page_state()
    undisturbed, session = Session(state, data), Session(state, data)
    undisturbed.start(Hyperparameters(0.01, epochs=12))
    wait_for(undisturbed)
    put, paused = session.mailbox.put, threading.Event()

    def put_and_pause(news):
        put(news)
        if news.get("epoch") == 5:
            session.pause()
            paused.set()

    session.mailbox.put = put_and_pause
    session.start(Hyperparameters(0.01, epochs=12))
    assert paused.wait(20)
    time.sleep(0.05)
    assert len(session.mailbox.take()["curves"]["J"]) == 5
    session.resume()
    wait_for(session)
    np.testing.assert_array_equal(session.theta, undisturbed.theta)


def test_an_objective_that_is_not_finite_to_begin_with_is_said():
    state, data = make_page_state()
    session = Session(state, data)
    session.start(Hyperparameters(alpha=0.01, lam=1e308, epochs=3))
    assert "not finite" in wait_for(session)["says"]
    np.testing.assert_array_equal(session.theta, state.theta)


def test_the_page_and_its_files_are_served(client):
    assert "backpass studio" in client.get(f"/{TOKEN}/").text
    for name in MODULES:
        answer = client.get(f"/{TOKEN}/static/{name}")
        assert answer.content == static_file(name)
        assert answer.headers["content-type"].startswith("text/javascript")
    policy = client.get(f"/{TOKEN}/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy


@pytest.mark.parametrize("path", ["static/app.py", "static/..%2fapp.py", "static/studio.py"])
def test_no_other_file_is_served(client, path):
    assert client.get(f"/{TOKEN}/{path}").status_code == 404


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/wrong/", {}),
        (f"/{TOKEN}/", {"host": "evil.example"}),
        (f"/{TOKEN}/", {"host": "127.0.0.1:9999"}),
        (f"/{TOKEN}/", {"origin": "http://evil.example"}),
        (f"/{TOKEN}/", {"origin": "null"}),
    ],
)
def test_strangers_are_refused(client, path, headers):
    answer = client.get(path, headers=headers)
    assert (answer.status_code, answer.text) == (403, "refused")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (f"/{TOKEN}/train", {"host": HOST}),
        (f"/{TOKEN}/train", OWN | {"origin": "http://evil.example"}),
        (f"/{TOKEN}/train", OWN | {"host": "evil.example"}),
        ("/wrong/train", OWN),
    ],
)
def test_strangers_sockets_are_refused(client, path, headers):
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(path, headers=headers):
        pass


def test_orders_over_the_socket(client):
    with client.websocket_connect(f"/{TOKEN}/train", headers=OWN) as socket:
        socket.send_json({"do": "start", "alpha": 0.01, "lam": 0.5, "epochs": 3})
        curve = []
        while len(curve) < 3:
            curve += socket.receive_json().get("curves", {}).get("J", [])
        assert curve[2] < curve[0]


def test_nonsense_is_answered_and_too_much_of_it_ends_the_connection(client):
    with client.websocket_connect(f"/{TOKEN}/train", headers=OWN) as socket:
        for nonsense in ["{", "[]", '{"do": "rm"}', '{"do": "start", "alpha": -1}', "null"] * 2:
            socket.send_text(nonsense)
            assert "not understood" in socket.receive_json()["says"]
        with pytest.raises(WebSocketDisconnect):
            socket.receive_json()
    with client.websocket_connect(f"/{TOKEN}/train", headers=OWN) as socket:
        socket.send_json({"do": "pause"})
        assert socket.receive_json()["says"] == "Paused."


def test_when_a_run_is_over_no_tab_is_awaited(client):
    def connected(tab):
        return client.websocket_connect(f"/{TOKEN}/train?tab={tab}", headers=OWN)

    with connected(1) as socket:
        socket.send_json({"do": "start", "alpha": 0.01, "epochs": 1_000_000})
        while "epoch" not in socket.receive_json():
            pass
        socket.send_json({"do": "start", "alpha": 0.01, "epochs": 40})
    with connected(2) as socket:
        said = ""
        while "nowhere to save" not in said:  # orders count at once, or soon: it may be over by now
            socket.send_json({"do": "save"})
            said = socket.receive_json().get("says", "")


def test_bytes_are_no_order(client):
    with client.websocket_connect(f"/{TOKEN}/train", headers=OWN) as socket:
        socket.send_bytes(b"\x00\xff")
        assert "not understood" in socket.receive_json()["says"]


def test_a_page_that_loads_again_takes_the_run_up(client):
    def connected(tab):
        return client.websocket_connect(f"/{TOKEN}/train?tab={tab}", headers=OWN)

    with connected(1) as socket:
        socket.send_json({"do": "start", "alpha": 0.01, "epochs": 1_000_000})
        while "epoch" not in socket.receive_json():
            pass
    with connected(1) as socket:
        told = socket.receive_json()
        assert told["going"]
        assert told["past"]["J"]["epochs"][0] == 1
        socket.send_json({"do": "stop"})
        while (told := socket.receive_json()).get("done") is not True:
            pass
        assert "Stopped" in told["says"]
        assert "theta64" in told


def test_a_pause_is_no_training_time(monkeypatch):
    session, monitor = Session(*make_page_state()), Monitor(started=100.0)
    clock = iter([7.0, 19.0])
    monkeypatch.setattr(session_module.time, "perf_counter", lambda: next(clock))
    session.pause()
    told = []
    monkeypatch.setattr(
        session.mailbox, "put", lambda news: (told.append(news), session._unpaused.set())
    )
    session._wait_while_paused(monitor)
    assert monitor.started == 112.0
    assert "theta64" in told[0]  # the page has the network of the pause


def test_a_second_page_waits(client):
    def connected():
        return client.websocket_connect(f"/{TOKEN}/train", headers=OWN)

    with connected(), connected() as second:
        assert "Another page" in second.receive_json()["says"]


@pytest.mark.parametrize(
    "text",
    ['{"do": "start", "alpha": NaN}', '{"do": "start", "epochs": 0}', '{"do": "set", "lam": -1}',
     '{"do": "start", "alpha": "1e999"}', "[" * 5000, '{"do": "' + "x" * 5000 + '"}'],
)  # fmt: skip
def test_orders_out_of_range(text):
    with pytest.raises((ValueError, TypeError)):
        parse_order(text)


def test_python_explains(client):
    state, _ = make_page_state()
    question = {"theta": state.theta.tolist(), "rows": [2], "lam": 0.5, "symbol": "delta",
                "layer": 2, "unit": 3}  # fmt: skip
    answer = client.post(f"/{TOKEN}/explain", json=question)
    t = bp.trace(state.net, state.theta, state.X[[2]], state.Y[[2]], 0.5)
    assert f"{t.delta[2][0, 2]:.6g}"[:6] in answer.json()["text"]
    assert client.post(f"/{TOKEN}/explain", content=b"{").status_code == 400
    assert client.post(f"/{TOKEN}/explain", json={"theta": []}).status_code == 400
    assert client.post(f"/{TOKEN}/explain", content=b" " * (9 * 2**20)).status_code == 413


def test_json_has_no_nan():
    assert nan_to_null({"a": [float("nan"), 1.0], "b": float("inf")}) == {
        "a": [None, 1.0],
        "b": None,
    }


@pytest.fixture
def running_server():
    address = Address("127.0.0.1", new_address().port, TOKEN)
    with serve(*make_page_state(), address):
        yield address


def test_two_hundred_connections_are_served_or_refused_and_the_server_stays_up(running_server):
    import socket

    request = f"GET /{TOKEN}/ HTTP/1.1\r\nHost: 127.0.0.1:{running_server.port}\r\n\r\n".encode()
    connections = [socket.create_connection(("127.0.0.1", running_server.port)) for _ in range(200)]
    for connection in connections:
        connection.sendall(request)
    firsts = []
    for connection in connections:
        connection.settimeout(20)
        firsts.append(connection.recv(64).split(b"\r\n")[0])
        connection.close()
    assert set(firsts) <= {b"HTTP/1.1 200 OK", b"HTTP/1.1 503 Service Unavailable"}
    time.sleep(0.2)
    with urllib.request.urlopen(running_server.url) as answer:
        assert answer.status == 200


def test_an_oversized_message_ends_that_connection_only(running_server):
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    address = running_server.url.replace("http", "ws") + "train"
    origin = f"http://127.0.0.1:{running_server.port}"
    with connect(address, origin=origin) as socket:
        socket.send("x" * 100_000)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=5)
    with urllib.request.urlopen(running_server.url) as answer:
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"http://127.0.0.1:{running_server.port}/")


def test_settings_that_change_are_marked_with_their_epoch():
    state, data = make_page_state()
    session = Session(state, data)
    session.start(Hyperparameters(0.01, 0.1, 3))
    assert wait_for(session)["marks"] == []
    session.change(Hyperparameters(0.02, 0.1))
    session.change(Hyperparameters(0.03, 0.1))  # before another epoch: the last one counts
    session.start(Hyperparameters(0.03, 0.1, 2))
    news = wait_for(session)
    assert news["marks"] == [{"epoch": 3, "alpha": 0.03, "lam": 0.1}]
    session.start(Hyperparameters(0.03, 0.5, 1))
    assert wait_for(session)["marks"][1] == {"epoch": 5, "alpha": 0.03, "lam": 0.5}


def test_nothing_is_judged_unless_a_debugger_was_asked_for(client):
    answer = client.post(f"/{TOKEN}/debug", json={"text": "x = 3"}, headers=OWN)
    assert answer.status_code == 404
    assert "--debugger" in answer.json()["says"]
    held = client.get(f"/{TOKEN}/").text
    assert '"served": {}' in held


def test_members_and_answers_are_refused_where_there_is_no_ensemble(client):
    assert client.get(f"/{TOKEN}/member/0/", headers=OWN).status_code == 404
    asked = client.post(f"/{TOKEN}/answer", json={"row": 0, "cells": {}}, headers=OWN)
    assert asked.status_code == 400
