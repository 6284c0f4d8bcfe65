"""The numbers of the gates on the road to p=reject.

Standards name durations only (RFC 9989 §7.4); every share is practice of vendors or our own, and
each of them is a setting.
"""

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Gates"]


class Gates(BaseModel):
    """The table `[gates]` of the settings. Days are whole UTC days; shares are of legitimate
    messages, but for `rate_of_source` and what begins with `break`, which are of one source's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days_at_none: int = Field(default=30, ge=1, description="RFC 9989 §7.4: one month")
    days_at_quarantine: int = Field(default=30, ge=1, description="RFC 9989 §7.4: equally long")
    days_with_reports: int = Field(default=21, ge=1, le=30, description="our own: of the last 30")
    reporters: int = Field(default=3, ge=1, description="our own")
    large_reporters: int = Field(
        default=1, ge=0, description="our own: of Google, Microsoft, Yahoo"
    )
    messages_of_others: int = Field(
        default=60, ge=0, description="rule of three: at most 5 % fails"
    )
    verified_reporters: int = Field(default=1, ge=0, description="RFC 9990 §8.2 and our own")
    messages: int = Field(default=300, ge=1, description="rule of three: at most 1 % fails")
    low_volume_days: int = Field(default=90, ge=1, description="our own: three months of reports")
    rate_before_quarantine: float = Field(default=0.98, gt=0, lt=1, description="vendors: 95-98 %")
    rate_before_reject: float = Field(default=0.99, gt=0, lt=1, description="our own, stricter")
    rate_of_source: float = Field(default=0.95, gt=0, lt=1, description="practice of vendors")
    rate_messages: int = Field(default=50, ge=1, description="our own: of a source, to have a rate")
    rate_share: float = Field(default=0.01, ge=0, lt=1, description="our own: or such a share")
    source_messages: int = Field(default=10, ge=1, description="RFC 9989 §5.1.6 and our own")
    source_share: float = Field(default=0.001, ge=0, lt=1, description="RFC 9989 §5.1.6, our own")
    source_days: int = Field(default=7, ge=1, description="our own: two separate weeks")
    undecided_share: float = Field(default=0.001, ge=0, lt=1, description="our own")
    new_source_days: int = Field(default=14, ge=0, description="practice of vendors: two weeks")
    quarter_days: int = Field(default=100, ge=1, description="RFC 9989 §5.1.7: a sender's rhythm")
    mailing_messages: int = Field(default=50, ge=1, description="our own: worth a question later")
    spf_alone: float = Field(default=0.01, ge=0, lt=1, description="RFC 9989 §7.4: never by SPF")
    indirect_loss: float = Field(default=0.005, ge=0, lt=1, description="RFC 9989 §7.4, our own")
    silent_days: int = Field(default=7, ge=1, description="our own: a feed that has stopped")
    break_window: int = Field(default=7, ge=1, description="our own: days in which a break shows")
    break_days: int = Field(default=2, ge=1, description="our own: bad days of these")
    break_messages: int = Field(default=5, ge=1, description="our own: failing in these days")
