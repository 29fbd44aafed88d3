"""Documents as YAML: what is read back is equal."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.base.text import yaml as written

_text = st.text(st.sampled_from("abz AZ019_-+.:,|#'\"\\{}[]&*!%@`~?<>=()/"), min_size=1, max_size=12) | st.sampled_from(
    ["no", "true", "null", "0x10", "1e3", "-", "12", "1_0", "~", "y", "1:30", "2001-01-01", "<<", "="]
)
_key = st.sampled_from(["a", "no", "on", "y", "kind", "old_address", "x-y"])
_value = st.recursive(
    st.one_of(_text, st.booleans(), st.integers(0, 99)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_key, inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["summary", "map", "vmas", "moves", "other"]), _value, max_size=3))
def test_what_is_read_back_is_equal(document: dict[str, Any]) -> None:
    assert (yaml.safe_load(written.document(document)) or {}) == document


def test_it_looks_as_a_person_would_write_it() -> None:
    document = {
        "summary": "A mapping: moved",
        "map": {"src": "AA.B"},
        "vmas": {"B": {"kind": "anon-shared", "touch": False}},
        "moves": [{"old_address": "src", "old_size": "4p", "flags": "MAYMOVE|FIXED", "new_address": "0x0"}],
        "expect": [{"kernel": "==6.17.1", "errno": "EFAULT"}],
    }
    assert written.document(document) == (
        'summary: "A mapping: moved"\n'
        "map:\n"
        '  src: "AA.B"\n'
        "vmas:\n"
        "  B: {kind: anon-shared, touch: false}\n"
        "moves:\n"
        '  - {old_address: src, old_size: 4p, flags: MAYMOVE|FIXED, new_address: "0x0"}\n'
        "expect:\n"
        '  - kernel: "==6.17.1"\n'
        "    errno: EFAULT\n"
    )
