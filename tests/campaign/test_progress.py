"""What a campaign says of itself while it runs."""

from __future__ import annotations

from collections import Counter

from mremapcheck.campaign.campaign import Totals
from mremapcheck.campaign.progress import Progress


def test_the_line_says_how_far_it_is() -> None:
    tally = Totals(done=123_456, different=1_000, skipped=Counter(mseal=5_000), refused=90_000)
    text = Progress(Totals(done=123_456), 1_000_000).text(tally)
    assert text == "123,456 of 1,000,000, 0/s, 1,000 mismatches in 0 groups, 5,000 skipped, 90,000 refused"
