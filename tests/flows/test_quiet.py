"""The environment that Prefect finds."""

from pathlib import Path

import pytest

from flows.quiet import SETTINGS, prepare


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home")}


def test_prefect_keeps_its_files_in_the_store(tmp_path: Path, environment: dict[str, str]) -> None:
    prepare(tmp_path / "deep" / "store", environment)
    assert environment["PREFECT_HOME"] == str(tmp_path / "deep" / "store" / ".prefect")
    assert (tmp_path / "deep" / "store" / ".prefect").is_dir()
    assert not (tmp_path / "home").exists()


def test_a_chosen_home_is_kept_and_its_parents_are_made(tmp_path: Path, environment: dict[str, str]) -> None:
    environment["PREFECT_HOME"] = str(tmp_path / "not" / "yet")
    prepare(tmp_path / "store", environment)
    assert environment["PREFECT_HOME"] == str(tmp_path / "not" / "yet")
    assert (tmp_path / "not" / "yet").is_dir()
    assert not (tmp_path / "store").exists()


def test_profiles_that_name_a_server_are_heeded(tmp_path: Path, environment: dict[str, str]) -> None:
    profiles = tmp_path / "home" / ".prefect" / "profiles.toml"
    profiles.parent.mkdir(parents=True)
    profiles.write_text('[profiles.mine]\nPREFECT_API_URL = "http://127.0.0.1:4200/api"\n', encoding="utf-8")
    prepare(tmp_path / "store", environment)
    assert "PREFECT_HOME" not in environment


@pytest.mark.parametrize("text", ["[profiles.mine]\n", "not toml", "profiles = 3\n"])
def test_other_profiles_are_not(tmp_path: Path, environment: dict[str, str], text: str) -> None:
    profiles = tmp_path / "home" / ".prefect" / "profiles.toml"
    profiles.parent.mkdir(parents=True)
    profiles.write_text(text, encoding="utf-8")
    prepare(tmp_path / "store", environment)
    assert environment["PREFECT_HOME"] == str(tmp_path / "store" / ".prefect")


def test_what_a_person_set_is_kept(tmp_path: Path, environment: dict[str, str]) -> None:
    environment["PREFECT_LOGGING_LEVEL"] = "DEBUG"
    prepare(tmp_path, environment)
    assert environment["PREFECT_LOGGING_LEVEL"] == "DEBUG"
    assert {name: environment[name] for name in SETTINGS} == SETTINGS | {"PREFECT_LOGGING_LEVEL": "DEBUG"}


def test_no_proxy_stands_before_this_machine(tmp_path: Path, environment: dict[str, str]) -> None:
    environment["no_proxy"] = "example.org,localhost"
    prepare(tmp_path, environment)
    assert environment["no_proxy"] == "example.org,localhost,127.0.0.1,::1"
    assert environment["NO_PROXY"] == "127.0.0.1,localhost,::1"
    environment["no_proxy"] = "*"
    prepare(tmp_path, environment)
    assert environment["no_proxy"] == "*"
