"""The thresholds of the advice, the table `[gates]` of the settings.

Standards name durations only (RFC 9989 §7.4). Every share is common practice or our default, says
so, and is a setting.
"""

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Gates"]


class Gates(BaseModel):
    """Each field's description is its basis. Days are whole UTC days. Shares are of legitimate
    messages, except `rate_of_source` and `break_…`, which look at one source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days_at_none: int = Field(default=30, ge=1, description="RFC 9989 §7.4: one month")
    days_at_quarantine: int = Field(default=30, ge=1, description="RFC 9989 §7.4: equally long")
    days_with_reports: int = Field(
        default=21, ge=1, le=30, description="our default: of the last 30"
    )
    reporters: int = Field(default=3, ge=1, description="our default")
    large_reporters: int = Field(
        default=1, ge=0, description="our default: Google, Microsoft, Yahoo"
    )
    messages_of_others: int = Field(default=60, ge=0, description="rule of three: at most 5 % fail")
    verified_reporters: int = Field(default=1, ge=0, description="RFC 9990 §8.2, our default")
    messages: int = Field(default=300, ge=1, description="rule of three: at most 1 % fail")
    low_volume_days: int = Field(
        default=90, ge=1, description="our default: three months of reports"
    )
    rate_before_quarantine: float = Field(
        default=0.98, gt=0, lt=1, description="common practice: 95-98 %"
    )
    rate_before_reject: float = Field(default=0.99, gt=0, lt=1, description="our default, stricter")
    rate_of_source: float = Field(default=0.95, gt=0, lt=1, description="common practice")
    rate_messages: int = Field(default=50, ge=1, description="our default: enough for a rate")
    rate_share: float = Field(default=0.01, ge=0, lt=1, description="our default: or this share")
    source_messages: int = Field(default=10, ge=1, description="RFC 9989 §5.1.6, our default")
    source_share: float = Field(
        default=0.001, ge=0, lt=1, description="RFC 9989 §5.1.6, our default"
    )
    source_days: int = Field(default=7, ge=1, description="our default: two separate weeks")
    undecided_share: float = Field(default=0.001, ge=0, lt=1, description="our default")
    new_source_days: int = Field(default=14, ge=0, description="common practice: two weeks")
    quarter_days: int = Field(default=100, ge=1, description="RFC 9989 §5.1.7: slow senders")
    mailing_messages: int = Field(default=50, ge=1, description="our default: worth a question")
    spf_alone: float = Field(default=0.01, ge=0, lt=1, description="RFC 9989 §7.4: never SPF alone")
    indirect_loss: float = Field(
        default=0.005, ge=0, lt=1, description="RFC 9989 §7.4, our default"
    )
    silent_days: int = Field(default=7, ge=1, description="our default: the feed has stopped")
    break_window: int = Field(default=7, ge=1, description="our default: a loss shows in a week")
    break_days: int = Field(default=2, ge=1, description="our default: bad days of these")
    break_messages: int = Field(default=5, ge=1, description="our default: failing in these days")
