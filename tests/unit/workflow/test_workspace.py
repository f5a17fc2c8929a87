"""Opening a workspace."""

import pytest

from deepaid_core.errors import StoreError, WorkspaceError
from deepaid_core.workspace import Workspace


@pytest.fixture(autouse=True)
def no_settings(monkeypatch, tmp_path):
    for name in ("DEEPAID_HOME", "DEEPAID_DATABASE_URL", "DEEPAID_USER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_a_workspace_is_made_with_its_folders_and_an_empty_store(tmp_path):
    workspace = Workspace.open(tmp_path / "deep" / "home")
    assert workspace.home == tmp_path / "deep" / "home"
    assert workspace.artifacts.is_dir()
    assert workspace.reports.is_dir()
    assert workspace.artifacts.name == "detectors"
    assert workspace.store.version() == (0, 0)
    assert workspace.author is None
    workspace.close()


def test_the_environment_names_folder_and_author(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPAID_HOME", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("DEEPAID_USER", "  ana\n lyst ")
    workspace = Workspace.open()
    assert workspace.home == tmp_path / "elsewhere"
    assert workspace.author == "ana lyst"
    workspace.close()


def test_the_default_is_a_folder_here_that_does_not_move(tmp_path, monkeypatch):
    workspace = Workspace.open()
    monkeypatch.chdir("/")
    assert workspace.home == tmp_path / "workspace"
    workspace.close()


def test_an_address_names_another_database(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPAID_DATABASE_URL", f"sqlite:///{tmp_path / 'team.db'}")
    workspace = Workspace.open(tmp_path / "home")
    workspace.close()
    assert (tmp_path / "team.db").is_file()
    assert not (tmp_path / "home" / "deepaid.db").exists()


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for home in (tmp_path / "file", tmp_path / "file" / "home", tmp_path / "nul\0"):
        with pytest.raises(WorkspaceError, match=r"cannot be written .*; choose another one"):
            Workspace.open(home)


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path):
    home = tmp_path / "home"
    for folder in (home, home / "detectors", home / "reports"):
        folder.mkdir()
    home.chmod(0o500)
    try:
        (home / "probe").touch()
    except PermissionError:
        with pytest.raises(WorkspaceError, match="cannot be written"):
            Workspace.open(home)
        assert sorted(path.name for path in home.iterdir()) == ["detectors", "reports"]
    else:
        pytest.skip("this user may write where permissions forbid it")
    finally:
        home.chmod(0o700)


def test_a_database_that_is_none_is_told_in_a_sentence(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "deepaid.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError):
        Workspace.open(home)
