"""hypothesis strategies for what comes from outside; needs the extra `fedretail[testing]`."""

from hypothesis import strategies as st

from fedretail.domain.kind import Value

# Words that mean something somewhere, beside arbitrary ones: a view must judge both.
_WORDS = st.sampled_from(
    [
        "none",
        "few",
        "service",
        "weight",
        "EUR",
        "LTR",
        "0.5",
        "2026-12-24",
        "\ud800",
        "\0",
        "x" * 3000,
    ]
)
_scalars: st.SearchStrategy[Value] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-2, 200)
    | st.text(st.characters(), max_size=30)
    | st.binary(max_size=20)
    | _WORDS
)
# Any value that a record of a stranger may hold.
values: st.SearchStrategy[Value] = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)
