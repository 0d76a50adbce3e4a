"""Accounts as the chain stores them."""

import pytest

from keeper.node.accounts import url_field, url_text


def test_a_url_fits_its_field() -> None:
    field = url_field("http://127.0.0.1:7000")
    assert len(field) == 96
    assert url_text(field) == "http://127.0.0.1:7000"


@pytest.mark.parametrize("url", ["", "http://a b", "http://ä", "x" * 97, "a\n"])
def test_a_url_that_does_not_fit_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="96 ASCII"):
        url_field(url)
