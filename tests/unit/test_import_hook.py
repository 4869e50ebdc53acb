"""`nnc.install_import_hook()`: `import model` finds model.nn."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
import traceback
import warnings

import nnc
import numpy as np
import pytest

SPEC = "input 4 -> dense 3 relu -> dense 2 softmax\nloss crossentropy\n"
FAULTY = "input 4 -> dens 3\nloss mse\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder on sys.path, with the hook; afterwards nothing of it is left."""
    monkeypatch.syspath_prepend(tmp_path)
    nnc.install_import_hook()
    yield tmp_path
    nnc.uninstall_import_hook()
    for name, module in [*sys.modules.items()]:
        if str(tmp_path) in repr(getattr(module, "__spec__", None)):
            del sys.modules[name]


def test_a_spec_is_imported(folder):
    (folder / "specnet.nn").write_text(SPEC)
    import specnet
    from specnet import predict

    assert predict(specnet.init_params(), np.ones((5, 4))).shape == (5, 2)
    assert specnet.__file__ == str(folder / "specnet.nn")
    assert sys.modules["specnet"] is specnet
    assert specnet.__spec__.origin == specnet.__file__


def test_nothing_is_found_without_the_hook(folder):
    (folder / "specnet.nn").write_text(SPEC)
    nnc.uninstall_import_hook()
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("specnet")


def test_modules_and_packages_go_first(folder):
    for name in ("onenet", "twonet"):
        (folder / f"{name}.nn").write_text(SPEC)
    (folder / "later").mkdir()
    (folder / "later" / "onenet.py").write_text("plain = True\n")
    (folder / "later" / "twonet").mkdir()
    (folder / "later" / "twonet" / "__init__.py").write_text("plain = True\n")
    sys.path.append(str(folder / "later"))
    try:
        assert importlib.import_module("onenet").plain
        assert importlib.import_module("twonet").plain
    finally:
        sys.path.remove(str(folder / "later"))


def test_packages_and_folders(folder):
    (folder / "packed" / "inner").mkdir(parents=True)
    (folder / "packed" / "__init__.py").write_text("")
    (folder / "packed" / "specnet.nn").write_text(SPEC)
    (folder / "packed" / "inner" / "deep.nn").write_text(SPEC)
    (folder / "packed" / "user.py").write_text("from . import specnet\nfrom .inner import deep\n")
    user = importlib.import_module("packed.user")
    assert user.specnet.__name__ == "packed.specnet"
    assert user.deep.__name__ == "packed.inner.deep"
    assert user.specnet.__package__ == "packed"
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("packed.nothing")


def test_folders_named_like_a_spec_and_entries_that_are_no_folders(folder):
    (folder / "odd.nn").mkdir()
    sys.path.append(str(folder / "archive.zip"))
    try:
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("odd")
    finally:
        sys.path.remove(str(folder / "archive.zip"))


def test_the_working_directory_is_on_the_path(tmp_path):
    (tmp_path / "specnet.nn").write_text(SPEC)
    program = "import nnc; nnc.install_import_hook(); import specnet; print(specnet.NUM_PARAMS)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "23\n"


def test_reload_compiles_anew(folder):
    path = folder / "specnet.nn"
    path.write_text(SPEC)
    module = importlib.import_module("specnet")
    assert "(B, 3)" in inspect.getsource(module._forward)
    path.write_text(SPEC.replace("dense 3", "dense 7"))
    assert importlib.reload(module) is module
    assert module.PARAM_SHAPES["dense1.W"] == (4, 7)
    assert "(B, 7)" in inspect.getsource(module._forward)
    path.write_text(FAULTY)
    with pytest.raises(nnc.SpecImportError):
        importlib.reload(module)
    assert module.PARAM_SHAPES["dense1.W"] == (4, 7), "the old one stays"


def test_tracebacks_show_the_generated_source(folder):
    (folder / "specnet.nn").write_text(SPEC)
    module = importlib.import_module("specnet")
    with pytest.raises(ValueError) as caught:
        module.predict(module.init_params(), [[1, 2]])
    shown = "".join(traceback.format_tb(caught.value.__traceback__))
    assert f'File "{folder / "specnet.nn"} (generated)", line ' in shown
    assert "raise ValueError(f" in shown
    assert inspect.getsource(module._forward) in module.__loader__.get_source("specnet")


def test_a_faulty_spec_is_an_import_error_with_findings(folder):
    (folder / "badnet.nn").write_text(FAULTY)
    with pytest.raises(ImportError) as caught:
        importlib.import_module("badnet")
    error = caught.value
    assert isinstance(error, nnc.SpecImportError)
    assert isinstance(error, nnc.CompileError)
    assert (error.name, error.path) == ("badnet", str(folder / "badnet.nn"))
    assert str(error) == str(nnc.lint(folder / "badnet.nn"))
    assert [d.code.id for d in error.diagnostics] == ["NN101"]
    assert "badnet" not in sys.modules


def test_warnings_point_to_the_import(folder):
    (folder / "doubtnet.nn").write_text("input 4 -> dense 2 sigmoid; loss crossentropy\n")
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        import doubtnet  # noqa: F401
    (warning,) = [w for w in seen if w.category is nnc.SpecWarning]
    assert warning.filename == __file__


def test_options_and_a_second_call(folder):
    (folder / "plainnet.nn").write_text(SPEC)
    nnc.install_import_hook(level=0, emit=["jacobian"])
    assert sum(type(f).__name__ == "SpecFinder" for f in sys.meta_path) == 1
    module = importlib.import_module("plainnet")
    assert module.jacobian
    assert module.__loader__.get_source("plainnet") == nnc.compile(
        folder / "plainnet.nn", level=0, emit=["jacobian"], format=False
    )


@pytest.mark.parametrize("wrong", [{"level": 3}, {"target": "gpu"}, {"emit": ["x"]}])
def test_wrong_options_are_refused_at_once(wrong):
    before = list(sys.meta_path)
    with pytest.raises(ValueError):
        nnc.install_import_hook(**wrong)
    assert sys.meta_path == before


def test_numba_needs_no_file(folder):
    pytest.importorskip("numba")
    (folder / "quicknet.nn").write_text(SPEC)
    nnc.install_import_hook(target="numba")
    module = importlib.import_module("quicknet")
    plain = nnc.loads(SPEC)
    x = np.random.default_rng(0).standard_normal((5, 4))
    params = plain.init_params()
    assert np.allclose(module.predict(params, x), plain.predict(params, x), rtol=1e-5)
