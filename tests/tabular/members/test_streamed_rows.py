"""Members that read their rows block by block: the bits of the same blocks, wherever these are."""

import tracemalloc

import numpy as np
import pytest
from sklearn.preprocessing import TargetEncoder

import backpass as bp
from backpass.data.encoding.table_rows import TableRows
from backpass.engine.encoding import EncodedRows
from backpass.errors import InvalidInput
from backpass.solvers.first_order import GradientDescent
from backpass.streaming.blocks import Block, cut
from backpass.tabular.members import streamed_rows
from backpass.tabular.members.codes import fit_codes
from backpass.tabular.members.member import DTYPE, Examples, Lesson, train_members
from backpass.tabular.members.streamed_rows import CodedBlocks, StreamedExamples
from backpass.tabular.members.target_means import FOLDS, PRIOR_ROWS
from backpass.tabular.metrics import squared_error
from backpass.tabular.outputs import NumberOutputs
from backpass.training.jobs import Job, train_jobs
from backpass.training.stop import StopReason
from drawn_rows import drawn_rows, settings_for

M = 1500


class RowBlocks:
    """Rows in memory that come in blocks, and a count of the passes over them."""

    names, named, dtype = (), False, np.dtype(np.float64)

    def __init__(self, rows, y, groups):
        self.rows, self.y, self.groups = rows, y, groups
        self.read_groups = []

    def read(self, group):
        self.read_groups.append(group)
        start = sum(map(sum, self.groups[:group]))
        for size in self.groups[group]:
            here = slice(start, start + size)
            yield Block(self.rows.take(here), self.y[here], None)
            start += size

    def read_targets(self, group):
        for block in self.read(group):
            yield block.y, None


def in_blocks(rows, y, size=100, blocks=5):
    return RowBlocks(rows, y, tuple(cut(n, size) for n in cut(len(y), size * blocks)))


def as_columns(y):
    return y.reshape(len(y), -1)


@pytest.fixture
def table(rng):
    """Rows with gaps and categories, a target that follows from them, and rows that choose."""
    rows = drawn_rows(rng, M + 600)
    x = np.nan_to_num(rows.numbers[:, 1] / np.nanstd(rows.numbers[:, 1]))
    y = np.abs(x) + 0.3 * (rows.codes[:, 0] > 0) + 0.1 * rng.normal(size=len(x))
    return rows.take(slice(M)), y[:M], rows.take(slice(M, M + 600)), y[M:]


def estimator(**named):
    return bp.TabularRegressor(**{"random_state": 0, "member": {"max_epochs": 4}, **named})


def fitted(table, blocks=None, **named):
    rows, y, X_val, y_val = table
    return estimator(**named).fit(blocks or in_blocks(rows, y), X_val=X_val, y_val=y_val)


# --- the rows that a training reads -------------------------------------------------------------


def test_without_shuffling_the_bits_are_those_of_the_rows_in_memory(table):
    """In one window, whose steps are then those of all rows in their order."""
    rows, y, *_ = table
    examples = StreamedExamples.of(in_blocks(rows, y, 375, 4), as_columns, seed=0)
    codes = fit_codes(rows, 8)
    net = bp.Network((codes.inputs, 9, 1), loss="squared_error")
    asked = {"max_epochs": 3, "shuffle": False, "batch_size": 50, "solver": "muon"}
    X = codes.encode(rows, DTYPE)
    [here] = train_jobs([Job(net, X, as_columns(y).astype(DTYPE), **asked)])
    [there] = train_jobs([Job(net, CodedBlocks(examples, codes), None, **asked)])
    np.testing.assert_array_equal(there.theta, here.theta)
    assert there.J_curve == here.J_curve


def test_every_row_is_read_once_in_an_epoch_in_an_order_of_its_own(table):
    rows, *_ = table
    blocks = in_blocks(rows, np.arange(M, dtype=float), 100, 5)
    examples = StreamedExamples.of(blocks, as_columns, seed=0)
    read = [block.y[:, 0] for group in range(3) for block in examples.read(group)]
    np.testing.assert_array_equal(np.concatenate(read), np.arange(M))
    blocks.read_groups.clear()
    codes = fit_codes(examples.at_hand.rows, 4)
    net = bp.Network((codes.inputs, 3, 1), loss="squared_error")
    train_jobs([Job(net, CodedBlocks(examples, codes), None, max_epochs=4)])
    epochs = np.reshape(blocks.read_groups[-12:], (4, 3))
    np.testing.assert_array_equal(np.sort(epochs), [[0, 1, 2]] * 4)
    assert len(np.unique(epochs, axis=0)) > 1


def test_the_sample_has_rows_of_all_blocks_and_the_targets_ends(table, monkeypatch):
    monkeypatch.setattr(streamed_rows, "SAMPLE_ROWS", 300)
    rows, y, *_ = table
    found = StreamedExamples.of(in_blocks(rows, y), as_columns, seed=3).at_hand
    assert 200 < found.m < 400
    assert (found.Y.min(), found.Y.max()) == (y.min(), y.max())
    again = StreamedExamples.of(in_blocks(rows, y), as_columns, seed=3).at_hand
    np.testing.assert_array_equal(again.rows.numbers, found.rows.numbers)
    other = StreamedExamples.of(in_blocks(rows, y), as_columns, seed=4).at_hand
    assert other.m != found.m or (other.Y != found.Y).any()


def test_a_training_row_has_the_target_means_of_the_other_folds(table):
    rows, y, *_ = table
    blocks = in_blocks(rows, y)
    means, examples = StreamedExamples.of(blocks, as_columns, seed=0).with_means()
    whole = TargetEncoder(smooth=PRIOR_ROWS, target_type="continuous").fit(rows.codes, y)
    np.testing.assert_allclose(means(rows.codes), whole.transform(rows.codes), rtol=1e-10)
    folds = np.concatenate(
        [f for g in range(len(blocks.groups)) for _, f in streamed_rows._with_folds(blocks, g)]
    )
    read = [b.X.numbers for g in range(len(blocks.groups)) for b in examples.read(g)]
    found = np.concatenate(read)[:, rows.numbers.shape[1] :]
    for fold in range(FOLDS):
        others = folds != fold
        theirs = TargetEncoder(smooth=PRIOR_ROWS, target_type="continuous").fit(
            rows.codes[others], y[others]
        )
        expected = theirs.transform(rows.codes[~others])
        np.testing.assert_allclose(found[~others], expected, rtol=1e-10)
    assert examples.at_hand.rows.plain == rows.codes.shape[1]


def test_what_members_learn_of_targets_is_learnt_of_each_block(table):
    rows, y, *_ = table
    y = np.exp(y)
    logs = NumberOutputs.of(as_columns(y)).in_logarithms(as_columns(y))
    examples = StreamedExamples.of(in_blocks(rows, y), lambda y: logs.targets(as_columns(y)), 0)
    read = [block.y for group in range(3) for block in examples.learnt(logs).read(group)]
    expected = logs.learnt(logs.targets(as_columns(y)))
    np.testing.assert_allclose(np.concatenate(read), expected.astype(DTYPE), rtol=1e-6)


def test_rows_are_told_apart_by_content_codes_and_targets(table):
    rows, y, *_ = table

    def fingerprint(rows=rows, y=y, bins=4):
        examples = StreamedExamples.of(in_blocks(rows, y), as_columns, seed=0)
        return CodedBlocks(examples, fit_codes(rows, bins)).fingerprint()

    changed = rows.take(np.arange(M))
    changed.numbers[M - 1, 1] = 5.0
    assert fingerprint() == fingerprint()
    others = fingerprint(changed), fingerprint(y=y + 1), fingerprint(bins=5)
    assert len({fingerprint(), *others}) == 4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lam": 1.0}, "its J has no λ"),
        ({"Y": np.zeros((M, 1))}, "targets and weights along"),
        ({"net": bp.Network((3, 1), (), "squared_error")}, "inputs, but the network has 3"),
    ],
)
def test_a_job_of_a_source_that_does_not_fit_is_refused(table, changes, words):
    rows, y, *_ = table
    codes = fit_codes(rows, 4)
    source = CodedBlocks(StreamedExamples.of(in_blocks(rows, y), as_columns, 0), codes)
    net = bp.Network((codes.inputs, 1), (), "squared_error")
    job = {"net": net, "X": source, "Y": None, **changes}
    with pytest.raises(InvalidInput, match=words):
        train_jobs([Job(**job)])


# --- ensembles of them --------------------------------------------------------------------------


def test_the_bits_are_the_same_on_any_number_of_threads(table):
    one, two = fitted(table, n_threads=1), fitted(table, n_threads=2)
    np.testing.assert_array_equal(one.weights_, two.weights_)
    for ours, theirs in zip(one.members_, two.members_, strict=True):
        np.testing.assert_array_equal(ours.theta_, theirs.theta_)
    assert len(one.members_) == 4


def test_an_ensemble_in_blocks_is_as_good_as_one_in_memory(table):
    rows, y, X_val, y_val = table
    new, truth = X_val.take(slice(300, 600)), y_val[300:]
    chosen_by = X_val.take(slice(300)), y_val[:300]
    member = {"max_epochs": 25}
    here = estimator(n_members=4, member=member).fit(
        rows, y, X_val=chosen_by[0], y_val=chosen_by[1]
    )
    there = estimator(member=member).fit(in_blocks(rows, y), X_val=chosen_by[0], y_val=chosen_by[1])
    errors = [np.mean((each.predict(new) - truth) ** 2) for each in (here, there)]
    assert errors[1] < 1.15 * errors[0]
    assert errors[1] < 0.2 * truth.var()
    assert there.predict_interval(new).shape == (300, 2)


@pytest.mark.parametrize("target", ["log", "auto"])
def test_logarithms_are_learnt_in_blocks_too(table, target):
    rows, y, X_val, y_val = table
    y, y_val = np.exp(3 * y), np.exp(3 * y_val)
    reg = estimator(target=target).fit(in_blocks(rows, y), X_val=X_val, y_val=y_val)
    assert reg.target_ == "log"
    errors = np.abs(np.log(reg.predict(X_val) / y_val))
    assert np.median(errors) < 0.5


def test_a_number_that_is_not_above_zero_anywhere_has_no_logarithm(table, monkeypatch):
    monkeypatch.setattr(streamed_rows, "SAMPLE_ROWS", 20)
    rows, y, X_val, y_val = table
    y = np.exp(y)
    y[777] = -1e-3
    with pytest.raises(InvalidInput, match=r"for numbers above 0, and y holds -0\.001"):
        estimator(target="log").fit(in_blocks(rows, y), X_val=X_val, y_val=np.exp(y_val))


def test_classes_are_those_of_all_blocks(table):
    rows, y, X_val, y_val = table
    edges = np.quantile(y, [0.3, 0.9])
    names = np.array(["low", "middle", "high"])
    clf = bp.TabularClassifier(member={"max_epochs": 10}, random_state=0).fit(
        in_blocks(rows, names[np.digitize(y, edges)]),
        X_val=X_val,
        y_val=names[np.digitize(y_val, edges)],
    )
    assert clf.classes_.tolist() == ["high", "low", "middle"]
    assert clf.score(X_val, names[np.digitize(y_val, edges)]) > 0.8


def test_text_is_read_in_blocks_too(rng):
    from scipy import sparse

    terms = sparse.random(600, 7, 0.3, "csr", random_state=1)
    rows = TableRows(rng.normal(size=(600, 1)), np.empty((600, 0), np.int32), (), terms=terms)
    y = terms @ np.arange(7.0)
    reg = estimator(n_members=2, member={"max_epochs": 30}).fit(
        in_blocks(rows.take(slice(450)), y[:450], 50),
        X_val=rows.take(slice(450, 600)),
        y_val=y[450:],
    )
    assert np.corrcoef(reg.predict(rows), y)[0, 1] > 0.9


def test_a_broken_fit_goes_on_to_the_same_bits_and_other_rows_are_refused(table, tmp_path):
    whole = fitted(table)
    seen = []

    def broken(progress):
        seen.append(progress)
        return len(seen) == 5

    fitted(table, checkpoint=tmp_path / "m", callbacks=broken, n_threads=1)
    rows, y, *others = table
    with pytest.raises(InvalidInput, match="data"):
        fitted((rows, y + 1, *others), checkpoint=tmp_path / "m", n_threads=1)
    seen.clear()
    resumed = fitted(table, checkpoint=tmp_path / "m", callbacks=seen.append, n_threads=1)
    assert len(seen) == 4 * 4 - 5
    for ours, theirs in zip(resumed.members_, whole.members_, strict=True):
        np.testing.assert_array_equal(ours.theta_, theirs.theta_)


def test_control_c_in_an_epoch_ends_it_and_keeps_the_epoch_before(table):
    """The others do not read the table to its end once one has stopped all."""
    rows, y, X_val, y_val = table
    blocks = in_blocks(rows, y, 50, 2)
    examples = StreamedExamples.of(blocks, as_columns, seed=0)
    held_out = Examples(X_val, as_columns(y_val))
    lesson = Lesson(examples, held_out, squared_error(held_out.Y), [settings_for(0, M)])
    read = blocks.read

    def interrupting(group):
        if len(blocks.read_groups) == 2 * len(blocks.groups) + 3:  # a sample, an epoch, and more
            raise KeyboardInterrupt
        return read(group)

    blocks.read = interrupting
    outputs = NumberOutputs(np.zeros(1), np.ones(1), np.full(1, -9.0), np.full(1, 9.0))
    [run] = train_members([lesson], outputs, n_threads=1)
    assert run.stop_reason is StopReason.INTERRUPTED
    assert [member.result.epochs for member in run.members] == [1]


def test_an_epoch_breaks_off_where_all_is_to_stop(table):
    rows, y, *_ = table
    codes = fit_codes(rows, 4)
    blocks = in_blocks(rows, y, 50, 2)
    source = CodedBlocks(StreamedExamples.of(blocks, as_columns, 0), codes)
    net = bp.Network((codes.inputs, 1), (), "squared_error")
    problem = source.problem(net, lambda: len(blocks.read_groups) > len(blocks.groups) + 3)
    theta = np.zeros(net.n_parameters, DTYPE)
    order = problem.draw_order(np.random.default_rng(0), shuffle=True)
    with pytest.raises(KeyboardInterrupt):
        problem.run_epoch(theta, {"t": 0}, GradientDescent(), order, 25, np.full(60, 0.1))
    assert len(blocks.read_groups) <= len(blocks.groups) + 8


def test_memory_does_not_grow_with_the_table(monkeypatch, tmp_path):
    """Of four times the rows no more bytes are held than of one window beside the sample."""
    monkeypatch.setattr(streamed_rows, "SAMPLE_ROWS", 500)

    class Drawn(RowBlocks):
        def __init__(self, groups):
            super().__init__(None, None, ((250, 250),) * groups)

        def read(self, group):
            rng = np.random.default_rng(group)
            for size in self.groups[group]:
                numbers = rng.normal(size=(size, 30))
                rows = TableRows(numbers, np.zeros((size, 1), np.int32), (2,))
                yield Block(rows, numbers[:, 0].copy(), None)

    def peak(groups):
        chosen_by = next(Drawn(1).read(0))
        reg = estimator(n_members=2, n_threads=1, member={"max_epochs": 2, "bins": 8})
        tracemalloc.start()
        reg.fit(Drawn(groups), X_val=chosen_by.X, y_val=chosen_by.y)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(4)
    few, many = peak(20), peak(80)
    more_rows = 60 * 500 * 30 * 8
    assert many - few < 0.05 * more_rows


def test_rows_in_blocks_need_others_to_choose_by_and_no_weights_of_classes(table):
    rows, y, X_val, y_val = table
    with pytest.raises(InvalidInput, match="X_val and y_val"):
        estimator().fit(in_blocks(rows, y))
    clf = bp.TabularClassifier(class_weight="balanced")
    with pytest.raises(InvalidInput, match="without class_weight"):
        clf.fit(in_blocks(rows, y > 1), X_val=X_val, y_val=y_val > 1)
    with pytest.raises(InvalidInput, match="not on a cluster"):
        fitted(table, on_cluster=True)


def test_encoded_rows_are_joined(rng):
    rows = drawn_rows(rng, 90)
    codes = fit_codes(rows, 4)
    whole = codes.encode(rows)
    parts = [codes.encode(rows.take(slice(a, a + 30))) for a in (0, 30, 60)]
    joined = EncodedRows.joined(parts)
    np.testing.assert_array_equal(joined.toarray(), whole.toarray())


def test_a_folder_of_checkpoints_is_of_its_source(table, tmp_path):
    """A job goes on only with a source of the same content."""
    rows, y, *_ = table
    codes = fit_codes(rows, 4)
    net = bp.Network((codes.inputs, 1), (), "squared_error")

    def run(y, folder, stop):
        source = CodedBlocks(StreamedExamples.of(in_blocks(rows, y), as_columns, 0), codes)
        return train_jobs(
            [Job(net, source, None, max_epochs=3)], checkpoint=folder, callback=lambda p: stop
        )

    run(y, tmp_path / "jobs", stop=True)
    with pytest.raises(InvalidInput, match="data"):
        run(y + 1, tmp_path / "jobs", stop=False)
    assert run(y, tmp_path / "jobs", stop=False)[0].epochs == 3
