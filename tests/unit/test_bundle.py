"""Bundles: what is sealed stays sealed, and nothing damaged is ever scored with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tipoff.errors import ModelError
from tipoff.model.bundle import SHIPPED, checksum, dumps, load_bundle, market_logit, model_id, parse_bundle, sealed

WHOLE = Path(SHIPPED, "five-2023-24.json").read_bytes()
DOCUMENT = json.loads(WHOLE)


def parse(text):
    return parse_bundle(text, source="test")


def test_the_shipped_bundle_is_whole_and_as_written():
    assert sealed(DOCUMENT) == DOCUMENT
    assert dumps(DOCUMENT).encode() == WHOLE


@settings(max_examples=400, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_one_byte_is_noticed_or_changes_nothing(position, byte):
    edited = WHOLE[:position] + bytes([byte]) + WHOLE[position + 1 :]
    try:
        bundle = parse(edited)
    except ModelError as error:
        assert error.code == 7  # noqa: PT017 -- either outcome is right, silence about a change is not
    else:
        assert bundle == parse(WHOLE)


def test_another_digit_anywhere_is_refused():
    for position in (i for i, c in enumerate(WHOLE) if chr(c).isdigit()):
        other = b"5" if WHOLE[position : position + 1] != b"5" else b"6"
        with pytest.raises(ModelError):
            parse(WHOLE[:position] + other + WHOLE[position + 1 :])


@given(st.integers(0, len(WHOLE.rstrip()) - 1))
def test_a_file_cut_short_anywhere_is_refused(length):
    with pytest.raises(ModelError, match="is not whole JSON"):
        parse(WHOLE[:length])


@given(st.binary(max_size=50) | st.recursive(st.none() | st.integers(), st.lists).map(lambda v: json.dumps(v).encode()))
def test_anything_else_is_refused_in_a_sentence(text):
    with pytest.raises(ModelError, match="The model test is not"):
        parse(text)


@given(
    st.sampled_from(["heads", "training", "name", "model_id", "checksum", "format"]),
    st.none() | st.integers() | st.text(),
)
def test_a_part_that_is_missing_or_something_else_is_refused(name, value):
    for document in ({k: v for k, v in DOCUMENT.items() if k != name}, DOCUMENT | {name: value}):
        if document != DOCUMENT:
            with pytest.raises(ModelError):
                parse(json.dumps(document).encode())


def with_number(value):
    document = json.loads(WHOLE)
    document["heads"]["anchored"]["intercept"] = value
    return document


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_none_is_refused(word):
    with pytest.raises(ModelError):
        parse(json.dumps(with_number("HERE")).replace('"HERE"', word).encode())


@pytest.mark.parametrize("value", ["0.1", None, [1], True])
def test_a_sealed_bundle_of_another_shape_is_refused_or_read_as_what_it_says(value):
    text = json.dumps(sealed(with_number(value))).encode()
    if value in ("0.1", True):
        assert parse(text).anchored.intercept == float(value)
    else:
        with pytest.raises(ModelError, match="in a wrong shape"):
            parse(text)


def test_a_key_twice_is_refused_though_the_last_one_has_the_right_hash():
    text = WHOLE.replace(b'"intercept":', b'"intercept": 9, "intercept":', 1)
    with pytest.raises(ModelError, match="a key is there twice"):
        parse(text)


def test_the_id_leaves_out_library_versions_and_the_checksum_does_not():
    other = DOCUMENT | {"library_versions": {"scikit-learn": "0"}}
    assert model_id(other) == DOCUMENT["model_id"]
    assert checksum(other) != DOCUMENT["checksum"]
    with pytest.raises(ModelError, match="was changed after it was written"):
        parse(json.dumps(other).encode())


@given(st.permutations(list(DOCUMENT)))
def test_the_order_of_keys_is_not_part_of_the_content(names):
    assert parse(json.dumps({name: DOCUMENT[name] for name in names}).encode()) == parse(WHOLE)


def test_numbers_keep_twelve_significant_digits():
    for head in DOCUMENT["heads"].values():
        for number in [
            head["intercept"],
            *(i[n] for i in head["features"] for n in ("centre", "scale", "coefficient")),
        ]:
            assert float(f"{number:.12g}") == number


# Where bundles are found


def test_a_name_an_alias_and_a_file_lead_to_the_same_bundle(tmp_path):
    file = tmp_path / "copy.json"
    file.write_bytes(WHOLE)
    assert load_bundle("five-2023-24") == load_bundle("champion") == load_bundle(str(file))


@pytest.mark.parametrize("name", ["nobody", "/no/such/file.json", "s3://bucket/key", "/"])
def test_what_is_not_there_is_named_with_a_next_step(name):
    with pytest.raises(ModelError, match=name) as refused:
        load_bundle(name)
    assert refused.value.action


def test_the_price_has_log_odds_unless_it_rounds_to_certainty():
    assert market_logit(-150, 130) == pytest.approx(0.32208, abs=1e-5)  # ln(0.6 / (100/230))
    assert market_logit(-1e30, 1e30) is None
    assert market_logit(None, 130) is None


def test_the_name_of_a_bundle_that_ships_always_means_that_bundle(tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    other = sealed({**load_bundle("five-2023-24").document, "name": "another fit"})
    (models / "five-2023-24.json").write_text(dumps(other))
    (models / "mine.json").write_text(dumps(other))
    assert load_bundle("five-2023-24", home=tmp_path).name == "five-2023-24"
    assert load_bundle("mine", home=tmp_path).name == "another fit"
    (models / "aliases.json").write_text('{"champion": "mine"}')
    assert load_bundle("champion", home=tmp_path).name == "another fit"
