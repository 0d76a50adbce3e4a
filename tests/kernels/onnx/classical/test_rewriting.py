"""Classical models give the same numbers in ONNX's own operators, or are refused by name."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper

from kernels.onnx.classical import TREES, UnsupportedModel, rewritten, tensors_only
from kernels.onnx.reading import check_model
from kernels.onnx.tolerant import TolerantRunner, UnsupportedOperator
from kernels.runtime import list_adapters
from kernels.trace.layout import Array
from tests.kernels.onnx.classical.pipelines import (
    FEATURES,
    FLOAT,
    INTEGER,
    MODES,
    forest,
    ml,
    pipeline,
    rows,
    zipped,
)

NODES: dict[str, tuple[list[Any], int, Array]] = {
    "linear regressor": (
        [ml("LinearRegressor", ["x"], ["y"], coefficients=[1.0, -2.0, 0.5, 3.0], intercepts=[7.0])],
        FLOAT,
        rows(),
    ),
    "two targets": (
        [ml("LinearRegressor", ["x"], ["y"], coefficients=[float(n) for n in range(8)],
            intercepts=[1.0, -1.0], targets=2)],
        FLOAT,
        rows(),
    ),
    "one scale": ([ml("Scaler", ["x"], ["y"], offset=[1.0], scale=[0.5])], FLOAT, rows()),
    "L1": ([ml("Normalizer", ["x"], ["y"], norm="L1")], FLOAT, np.vstack([rows(), 0 * rows(2)])),
    "L2": ([ml("Normalizer", ["x"], ["y"], norm="L2")], FLOAT, np.vstack([rows(), 0 * rows(2)])),
    "binarizer": ([ml("Binarizer", ["x"], ["y"], threshold=1.0)], FLOAT, rows()),
    "imputer of NaN": (
        [ml("Imputer", ["x"], ["y"], imputed_value_floats=[1.0, 2.0, 3.0, 4.0],
            replaced_value_float=float("nan"))],
        FLOAT,
        rows(missing=True),
    ),
    "imputer of a number": (
        [ml("Imputer", ["x"], ["y"], imputed_value_floats=[9.0], replaced_value_float=-1.0)],
        FLOAT,
        rows(),
    ),
    "encoder of floats": (
        [ml("LabelEncoder", ["x"], ["y"], keys_floats=[-1.0, 0.0, 2.0],
            values_floats=[0.1, 0.2, 0.3], default_float=5.0)],
        FLOAT,
        rows(),
    ),
    "linear machine": (
        [ml("SVMRegressor", ["x"], ["y"], coefficients=[1.0, 2.0, -1.0, 0.5], rho=[0.25],
            kernel_type="LINEAR", n_supports=0, kernel_params=[0.0, 0.0, 3.0])],
        FLOAT,
        rows(),
    ),
} | {
    f"{kernel} machine": (
        [ml("SVMRegressor", ["x"], ["y"], coefficients=[1.0, -0.5, 0.25], rho=[0.125],
            kernel_type=kernel, n_supports=3, kernel_params=[0.2, 0.5, 2.0],
            support_vectors=rows(3, seed=9).reshape(-1).tolist())],
        FLOAT,
        rows(),
    )
    for kernel in ("RBF", "POLY", "SIGMOID")
}  # fmt: skip


def computed(model: onnx.ModelProto, x: Array) -> dict[str, Array]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, {"x": x}), strict=True))


def require_same(model: onnx.ModelProto, x: Array) -> None:
    check_model(model)
    found = rewritten(model)
    assert not [node for node in found.graph.node if node.domain]
    wanted, given = computed(model, x), computed(check_model(found), x)
    assert given.keys() == wanted.keys()
    for name, right in wanted.items():
        assert given[name].dtype == right.dtype
        assert given[name].shape == right.shape
        np.testing.assert_allclose(given[name], right, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("name", sorted(NODES))
def test_operators(name: str) -> None:
    nodes, kind, x = NODES[name]
    require_same(pipeline(nodes, [("y", kind)]), x)


def test_categories_become_columns() -> None:
    node = ml("OneHotEncoder", ["x"], ["y"], cats_int64s=[3, 1, 2])
    x = np.array([[1, 2], [3, 9]], np.int64)
    require_same(pipeline([node], [("y", FLOAT)], kind=INTEGER, columns=2, rank=3), x)


def test_integers_are_encoded_as_integers() -> None:
    node = ml("LabelEncoder", ["x"], ["y"], keys_int64s=[5, 7], values_int64s=[-2, 11],
              default_int64=99)  # fmt: skip
    x = np.array([[5, 7], [0, 5]], np.int64)
    require_same(pipeline([node], [("y", INTEGER)], kind=INTEGER, columns=2, rank=3), x)


def test_features_are_chosen_and_joined() -> None:
    nodes = [
        helper.make_node("Constant", [], ["places"], value_ints=[2, 0]),
        ml("ArrayFeatureExtractor", ["x", "places"], ["chosen"]),
        ml("FeatureVectorizer", ["chosen", "x"], ["y"], inputdimensions=[2, FEATURES]),
    ]
    require_same(pipeline(nodes, [("y", FLOAT)]), rows())


def test_labels_are_chosen_from_a_list() -> None:
    nodes = [
        helper.make_node("Constant", [], ["labels"], value_ints=[10, 20, 30, 40]),
        helper.make_node("ArgMax", ["x"], ["places"], axis=1, keepdims=0),
        ml("ArrayFeatureExtractor", ["labels", "places"], ["y"]),
    ]
    require_same(pipeline(nodes, [("y", INTEGER)], rank=3), rows())


def test_a_classifier_without_its_dictionaries() -> None:
    model, told = tensors_only(check_model(zipped([4, 5, 9])))
    assert told == (
        "output 'zipped' is given as the table 'probabilities', whose columns are the classes "
        "4, 5, 9",
    )
    require_same(model, rows())


def test_texts_are_left_out() -> None:
    model, told = tensors_only(check_model(zipped(["ant", "bee", "cat"])))
    assert told[0] == "output 'label' holds texts and is left out; its classes are ant, bee, cat"
    assert [port.name for port in model.graph.output] == ["probabilities"]
    require_same(model, rows())


def test_an_older_opset_is_raised() -> None:
    nodes = [
        ml("Scaler", ["x"], ["scaled"], offset=[1.0], scale=[0.5]),
        helper.make_node("Identity", ["scaled"], ["y"]),
    ]
    model = pipeline(nodes, [("y", FLOAT)], opset=9)
    assert max(each.version for each in rewritten(model).opset_import if not each.domain) == 17
    require_same(model, rows())


def test_a_model_of_onnx_alone_stays_as_it_is() -> None:
    model = pipeline([helper.make_node("Relu", ["x"], ["y"])], [("y", FLOAT)])
    assert rewritten(model) is model
    assert tensors_only(model) == (model, ())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", range(4))
def test_regression_trees(mode: str, seed: int) -> None:
    aggregate = ("SUM", "AVERAGE", "MIN", "MAX")[seed]
    model = forest(seed, mode=mode, targets=1 + seed % 2, aggregate_function=aggregate)
    require_same(model, rows(seed=seed))


@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC", "SOFTMAX"])
def test_classification_trees(transform: str) -> None:
    require_same(forest(5, classes=3, post_transform=transform), rows())


@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC"])
def test_two_classes_of_which_one_has_weights(transform: str) -> None:
    model = forest(2, classes=2, stated=0, post_transform=transform, base_values=[0.25])
    require_same(model, rows(60))


def test_missing_values_take_the_branch_that_is_stated() -> None:
    require_same(forest(7, tracks=True), rows(60, missing=True))


@pytest.mark.skipif(not list_adapters(), reason="no GPU adapter")
def test_the_tolerant_class_runs_them() -> None:
    runner = TolerantRunner()
    classifier, _ = tensors_only(zipped([4, 5, 9]))
    for model in (classifier, forest(3, classes=3)):
        wanted, found = computed(model, rows()), runner.run(model, {"x": rows()}).outputs
        for name, right in wanted.items():
            np.testing.assert_allclose(found[name], right, rtol=1e-5, atol=1e-5)


def broken(**changes: Any) -> onnx.ModelProto:
    model = forest(1)
    for attribute in model.graph.node[0].attribute:
        if attribute.name in changes:
            attribute.CopyFrom(helper.make_attribute(attribute.name, changes[attribute.name]))
    return model


REFUSED = {
    "texts": (
        pipeline([ml("OneHotEncoder", ["x"], ["y"], cats_strings=["a"])], [("y", FLOAT)]),
        "OneHotEncoder 'OneHotEncoder': categories are texts; encode them as integers before",
    ),
    "norm": (
        pipeline([ml("Normalizer", ["x"], ["y"], norm="MAX")], [("y", FLOAT)]),
        "Normalizer 'Normalizer': norm MAX has no form here; use L1 or L2",
    ),
    "coefficients": (
        pipeline([ml("LinearRegressor", ["x"], ["y"], coefficients=[1.0] * 7, targets=2)],
                 [("y", FLOAT)]),
        "LinearRegressor 'LinearRegressor': 7 coefficients for 2 rows of scores",
    ),
    "trees": (
        broken(nodes_truenodeids=[77]),
        "TreeEnsembleRegressor 'TreeEnsembleRegressor': its trees are malformed",
    ),
    "a loop": (
        broken(nodes_truenodeids=[0] * 64, nodes_falsenodeids=[0] * 64),
        "TreeEnsembleRegressor 'TreeEnsembleRegressor': its trees are malformed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_cannot_be_rewritten_is_refused_by_name(name: str) -> None:
    model, why = REFUSED[name]
    before = model.SerializeToString()
    with pytest.raises(UnsupportedModel) as refusal:
        rewritten(model)
    assert str(refusal.value) == why
    assert model.SerializeToString() == before


def test_a_tree_that_leads_to_itself_is_refused() -> None:
    model = forest(1)
    attributes = {each.name: each for each in model.graph.node[0].attribute}
    for name in ("nodes_truenodeids", "nodes_falsenodeids"):
        attributes[name].ints[0] = 0
    with pytest.raises(UnsupportedModel, match="a tree is deeper than 64 steps"):
        rewritten(model)


def test_trees_are_kept_where_numbers_are_rounded() -> None:
    model = forest(1)
    assert rewritten(model, keep=TREES) is model


@pytest.mark.skipif(not list_adapters(), reason="no GPU adapter")
def test_the_tolerant_class_names_what_it_refuses() -> None:
    model, why = REFUSED["norm"]
    with pytest.raises(UnsupportedOperator) as refusal:
        TolerantRunner().run(model, {"x": rows()})
    assert str(refusal.value) == why
