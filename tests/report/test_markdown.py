from __future__ import annotations

from tests.factories import kernel
from tests.report.rendering import KERNELS, comparison_of_everything, eras, rendered, run_of_everything


def test_a_run_is_a_table_and_the_drawings_of_what_failed() -> None:
    text = rendered("markdown", "run", [kernel()], run_of_everything())
    assert text.startswith(
        "## Kernel 6.17, the model with 0 changes\n\n| status | scenario | seen | summary |\n| --- |"
    )
    assert "| pass | good | EFAULT refused | What good does |\n" in text
    assert "| skip | sealed |  | no mseal before 6.10 |\n" in text
    assert "\n5 scenarios: 1 pass, 1 fail, 1 unchecked, 1 skip, 1 error\n" in text
    assert "### bad\n\n```text\n" in text and "AABB.C  AABB.C    ..BB.C" in text and text.rstrip().endswith("```")


def test_a_comparison_lists_only_what_is_not_the_same() -> None:
    text = rendered("markdown", "compare", [kernel("6.16"), kernel("6.17")], comparison_of_everything())
    assert "| different | loud | EFAULT partial | EFAULT refused | partial-to-refused |  |\n" in text
    assert "quiet" not in text


def test_a_matrix_has_a_column_for_each_kernel() -> None:
    text = rendered("markdown", "matrix", KERNELS, [eras()])
    assert "| scenario | 6.1 | 6.16 | 6.17-rc1 | 6.17-rc2 | 6.17 | 6.18 |\n" in text
    assert "| case | EFAULT damaged | = | EFAULT partial | = | EFAULT refused | = |\n" in text
