from pathlib import Path

import pytest

from sessions import taxonomy
from sessions.taxonomy import TaxonomyError

GOOD = """
[categories.slip]
key = 1
label = "Slip"
colour = "#112233"
description = "The object slid."
"""


def test_the_packaged_taxonomy_has_the_categories_of_the_field() -> None:
    found = taxonomy.load("manipulation")
    names = [c.name for c in found.categories]
    assert names[:5] == ["approach", "grasp", "transport", "placement", "recovery"]
    assert names[5:] == ["hardware", "other"]
    hardware = found.find("hardware")
    assert hardware is not None
    assert hardware.label == "Hardware / calibration"
    assert found.find("2") == found.find("grasp")
    assert found.find("9") is None
    assert all(c.description for c in found.categories)


def test_no_text_is_no_category_even_where_one_has_no_key(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(GOOD.replace("key = 1", "key = 0"))
    assert taxonomy.load("x", tmp_path).find("") is None


def test_a_workspace_may_hold_its_own(tmp_path: Path) -> None:
    (tmp_path / "manipulation.toml").write_text(GOOD)
    assert [c.name for c in taxonomy.load("manipulation", tmp_path).categories] == ["slip"]


def test_an_absent_taxonomy_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match=r"no taxonomy sorting\.toml.*Choose one of: manip"):
        taxonomy.load("sorting", tmp_path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("key = 1", "key = 12"), r"categories\.slip\.key is 12; it must be from 1 to 9"),
        (("key = 1", 'key = "one"'), r"categories\.slip: Expected `int`.*\$\.key"),
        (("key = 1", "digit = 1"), r"categories\.slip: .*unknown field `digit`.*Known: key"),
        (("#112233", "orange"), r"categories\.slip\.colour is 'orange'; write it like #"),
        (('"Slip"', '" "'), r"categories\.slip\.label is empty"),
        (("categories.slip", "categories.Slip"), r"categories\.Slip: the name must begin"),
        (("categories.slip", "kinds.slip"), r"unknown key 'kinds'. Known: title, categories"),
        (("key = 1", "key = = 1"), r"is not valid TOML"),
        (("key = 1", 'key = 1\nname = "x"'), r"categories\.slip\.name: the table's own name"),
    ],
)
def test_a_wrong_file_is_refused_naming_file_and_key(
    tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(*change))
    with pytest.raises(TaxonomyError, match=says) as caught:
        taxonomy.read(path)
    assert str(path) in str(caught.value)


def test_two_categories_cannot_share_a_key(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD + GOOD.replace("categories.slip", "categories.drop"))
    with pytest.raises(TaxonomyError, match=r"categories\.drop\.key is 1, which slip has"):
        taxonomy.read(path)


@pytest.mark.parametrize("text", ["", "title = 3\n" + GOOD, "categories = 4"])
def test_a_file_without_categories_or_with_a_wrong_title_is_refused(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(TaxonomyError, match=r"mine\.toml: (categories is absent|title is 3)"):
        taxonomy.read(path)


def test_data_tagged_with_an_old_name_is_read_as_the_category_of_today(tmp_path: Path) -> None:
    packaged = taxonomy.load("manipulation")
    renamed = packaged.renamed("grasp", "grip").merged("transport", "placement")
    taxonomy.write(renamed, tmp_path)
    found = taxonomy.load("manipulation", tmp_path)
    assert found == renamed
    assert found.canonical("grasp") == "grip"
    assert found.canonical("transport") == "placement"
    assert found.canonical("something else") == "something else"
    assert [c.name for c in found.categories][1:3] == ["grip", "placement"]
    again = found.renamed("grip", "grasp")
    assert again.canonical("grip") == "grasp"
    taxonomy.write(again, tmp_path)
    assert taxonomy.read(tmp_path / "manipulation.toml.before").categories == renamed.categories


def test_children_follow_their_parent() -> None:
    packaged = taxonomy.load("manipulation")
    slip = taxonomy.Category(label="Slip", colour="#112233", name="slip", parent="grasp")
    wider = packaged.with_categories([*packaged.categories, slip])
    assert wider.renamed("grasp", "grip").find("slip").parent == "grip"  # type: ignore[union-attr]
    merged = wider.merged("grasp", "placement")
    assert merged.find("slip").parent == "placement"  # type: ignore[union-attr]
    assert wider.merged("grasp", "slip").find("slip").parent == ""  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda t: t.renamed("grasp", "approach"), "both"),
        (lambda t: t.renamed("grasp", "Grip it"), "must begin with a letter"),
        (lambda t: t.renamed("nothing", "x"), "no category 'nothing'"),
        (lambda t: t.merged("grasp", "grasp"), "itself"),
    ],
)
def test_what_would_confuse_the_data_is_refused(act, said: str) -> None:
    with pytest.raises(TaxonomyError, match=said):
        act(taxonomy.load("manipulation"))
