"""What can go wrong at the edge: a channel that does not do it, and a caller we do not serve."""

from __future__ import annotations

from meetings.errors import Coded


class ChannelFailure(Coded):
    """The channel did not do what was asked.

    `status`: HTTP status, 0 when there was no answer. `code`: the channel's own error code, or ours where there was none.
    `retry_after`: seconds to wait, when the channel said so. `gone`: blocked, removed or unknown there, so stop trying.
    `transient`: the same request may succeed later. `may_have_arrived`: the channel may have done it all the same, as
    it can when the answer is lost or is a 5xx; a repeated post may then be seen twice.
    """

    def __init__(
        self,
        status: int,
        code: str,
        *,
        retry_after: float | None = None,
        gone: bool = False,
        transient: bool = False,
        may_have_arrived: bool = False,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.gone = gone
        self.transient = transient
        self.may_have_arrived = may_have_arrived


class Rejected(Coded):
    """An inbound request is not served. `status` is the HTTP answer, `reason` one sentence for whoever operates the caller."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
