"""Who may use the dashboard: the table [access], and what it grants to verified claims.

An OpenID Connect provider identifies a person; the rules say what that person may see. All
matching rules add up: the person sees the domains of all of them, and may change labels of those
that an editor's rule grants. Whoever matches no rule, or has no verified address, is a stranger.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from schemas.config.section import Table, mistake, named, secret
from schemas.domain_names import is_domain, normal_domain
from schemas.errors import ConfigError
from schemas.store.row_access import Scope

__all__ = ["CALLBACK", "LOGIN", "Access", "Rule", "check_groups"]

CALLBACK = "/oauth2callback"  # where Streamlit receives the provider's answer
LOGIN = "RUA_LOGIN"  # "required" in the environment of a dashboard with a login
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SHORTEST_COOKIE_SECRET = 32  # characters: whoever guesses it can pose as anybody
LONGEST_SESSION = 30 * 24  # hours: then the browser drops the cookie
TRUE = (True, "true", 1, "1")  # some providers send booleans as text
# Domains in which anyone can get an address.
PUBLIC = (
    *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com"),
    *("yahoo.com", "icloud.com", "me.com", "aol.com", "gmx.de", "gmx.net", "web.de", "mail.com"),
    *("proton.me", "protonmail.com"),
)
# Issuers for accounts of any organisation, each of which can write any value into a claim.
ANY_TENANT = ("/common/", "/organizations/", "/consumers/")


class Rule(Table):
    """Whom it matches, by e-mail address, its domain or a group at the provider (any of them), and
    what they may see: `domain_groups` None means every domain, unconfigured ones included."""

    emails: tuple[str, ...] = ()
    email_domains: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    role: Literal["viewer", "editor"] = "viewer"
    domain_groups: tuple[str, ...] | None = None

    @field_validator("emails")
    @classmethod
    def _only_addresses(cls, emails: tuple[str, ...]) -> tuple[str, ...]:
        for each in emails:
            local, at, domain = each.rpartition("@")
            if not (local and at and is_domain(normal_domain(domain) or "")) or "*" in local:
                raise mistake(f'"{each[:100]}" is not an e-mail address')
        return tuple(map(_address, emails))

    @field_validator("email_domains")
    @classmethod
    def _only_own_domains(cls, domains: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(normal_domain(each) or "" for each in domains)
        for written, name in zip(domains, names, strict=True):
            if not is_domain(name):
                raise mistake(f'"{written[:100]}" is not a domain: write it as "example.com"')
            if name in PUBLIC:
                raise mistake(f"anyone can get an address in {name}: name the addresses in emails")
        return names

    @field_validator("groups")
    @classmethod
    def _no_empty_group(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        if not all(each.strip() for each in groups):
            raise mistake("a group needs a name")
        return groups

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if not (self.emails or self.email_domains or self.groups):
            raise mistake("the rule names nobody: give emails, email_domains or groups")
        if self.domain_groups == ():
            raise mistake("domain_groups is empty: leave it out for all domains, or name a group")
        return self

    def names(self, addresses: Iterable[str], groups: Iterable[str]) -> bool:
        """Whether the rule matches one of a person's addresses or groups."""
        known = set(addresses)
        return bool(
            known & set(self.emails)
            or {each.rpartition("@")[2] for each in known} & set(self.email_domains)
            or set(groups) & set(self.groups)
        )


@dataclass(frozen=True, slots=True)
class _Granted:
    """Domains that rules grant; None means every one."""

    domains: frozenset[str] | None = frozenset()

    def __or__(self, more: frozenset[str] | None) -> "_Granted":
        if self.domains is None or more is None:
            return _Granted(None)
        return _Granted(self.domains | more)


class Access(Table):
    """The provider and the rules. Secrets are in files, variables or systemd credentials."""

    server_metadata_url: str
    client_id: str = Field(min_length=1)
    client_secret_file: Path | None = None
    client_secret_env: str | None = None
    client_secret_credential: str | None = None
    redirect_uri: str
    cookie_secret_file: Path | None = None
    cookie_secret_env: str | None = None
    cookie_secret_credential: str | None = None
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    groups_claim: str = Field(default="groups", min_length=1)
    email_verified_claim: str = Field(default="email_verified", min_length=1)
    trusted_claims: tuple[str, ...] = ()
    session_hours: float = Field(default=12, gt=0, le=LONGEST_SESSION)
    contact: str | None = Field(default=None, max_length=200)
    allow: tuple[Rule, ...] = Field(min_length=1)

    @field_validator("server_metadata_url", "redirect_uri")
    @classmethod
    def _no_plain_http(cls, url: str) -> str:
        parts = urlsplit(url)
        is_here = parts.hostname in LOOPBACK
        if not parts.hostname or parts.scheme not in (("http", "https") if is_here else ("https",)):
            raise mistake("must begin with https://: otherwise a listener could take over a login")
        if parts.username is not None or parts.fragment:
            raise mistake("must contain neither a user name nor a #")
        return url

    @field_validator("redirect_uri")
    @classmethod
    def _is_the_callback(cls, url: str) -> str:
        parts = urlsplit(url)
        if not parts.path.endswith(CALLBACK) or parts.query:
            raise mistake(f"must be the address of the dashboard, followed by {CALLBACK}")
        return url

    @field_validator("scopes")
    @classmethod
    def _asks_who_it_is(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in scopes:
            raise mistake('must contain "openid" (OpenID Connect Core §3.1.2.1)')
        return scopes

    @model_validator(mode="after")
    def _says_where_the_secrets_are(self) -> Self:
        for stem in ("client_secret", "cookie_secret"):
            if not named(self, stem):
                raise mistake(f"needs {stem}_file, {stem}_env or {stem}_credential")
        if self.trusted_claims and any(each in self.server_metadata_url for each in ANY_TENANT):
            raise mistake(
                "trusted_claims needs the provider of one organisation: put its tenant ID into"
                " server_metadata_url, or any other organisation could forge your claims"
            )
        return self

    def client_secret(self) -> SecretStr:
        """Raises ConfigError, which never shows it."""
        return self._secret("client_secret")[0]

    def cookie_secret(self) -> SecretStr:
        """The key that signs the login cookie. Raises ConfigError, which never shows it."""
        found, where = self._secret("cookie_secret")
        if len(found.get_secret_value()) < SHORTEST_COOKIE_SECRET:
            raise ConfigError(
                f"the cookie secret is shorter than {SHORTEST_COOKIE_SECRET} characters",
                where=where,
                todo="make one with: openssl rand -hex 32",
            )
        return found

    def _secret(self, stem: str) -> tuple[SecretStr, str]:
        """The secret, and the key that names its place."""
        where = f"key access.{named(self, stem)}"
        found = secret(self, stem, "key access.")
        if found is None:  # a validator excludes it
            raise ConfigError(f"there is no {stem}", where=where)
        return found, where

    def addresses(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        """A person's e-mail addresses, as far as the provider has verified them."""
        names = self.trusted_claims
        # OpenID Connect Core §5.7: an unverified address says nothing about a person.
        if not names and claims.get(self.email_verified_claim) in TRUE:
            names = ("email",)
        values = (claims.get(name) for name in names)
        return tuple(_address(each) for each in values if isinstance(each, str) and "@" in each)

    def groups(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        """A person's groups at the provider, which nobody else can set."""
        value = claims.get(self.groups_claim)
        listed = value if isinstance(value, list | tuple) else [value]
        return tuple(each for each in listed if isinstance(each, str))

    def granted(
        self, claims: Mapping[str, Any], domains_by_group: Mapping[str, Sequence[str]]
    ) -> Scope | None:
        """What verified claims may see and change; None for a stranger."""
        addresses, groups = self.addresses(claims), self.groups(claims)
        visible, editable, is_known = _Granted(), _Granted(), False
        for rule in self.allow:
            if not rule.names(addresses, groups):
                continue
            domains, is_known = _domains(rule, domains_by_group), True
            visible |= domains
            if rule.role == "editor":
                editable |= domains
        return Scope(visible.domains, editable.domains) if is_known else None

    def is_over(self, claims: Mapping[str, Any], now: datetime) -> bool:
        """Whether a login has expired. `now` has a zone.

        `iat` is when the provider identified the person (Core §2); a login without it is expired.
        """
        began = claims.get("iat")
        if not isinstance(began, int | float) or isinstance(began, bool):
            return True
        return now.timestamp() - began > timedelta(hours=self.session_hours).total_seconds()


def _domains(rule: Rule, domains_by_group: Mapping[str, Sequence[str]]) -> frozenset[str] | None:
    if rule.domain_groups is None:
        return None
    listed = (domains_by_group.get(group, ()) for group in rule.domain_groups)
    return frozenset(normal_domain(name) or name for names in listed for name in names)


def _address(text: str) -> str:
    """An address in the form that is compared. Only ASCII is folded: letters of other scripts that
    fold into ASCII (U+212A into k) could make a stranger's address match."""
    local, _, domain = text.strip().rpartition("@")
    return f"{local.lower() if local.isascii() else local}@{normal_domain(domain) or domain}"


def check_groups(access: Access, domains_by_group: Mapping[str, Sequence[str]], where: str) -> None:
    """Raises ConfigError for a domain group that the settings do not have."""
    known = sorted(name for name in domains_by_group if name)
    of_domain = {name: group for group, names in domains_by_group.items() for name in names}
    for number, rule in enumerate(access.allow):
        for name in rule.domain_groups or ():
            if name not in known:
                raise ConfigError(
                    f"there is no domain group {name[:80]!r}",
                    where=f"{where}, key access.allow.{number}.domain_groups",
                    todo=_meant(name, known, of_domain),
                )


def _meant(name: str, known: Sequence[str], of_domain: Mapping[str, str]) -> str:
    group = of_domain.get(normal_domain(name) or name)
    if group:
        return f"this is a domain of the group {group!r}: name the group"
    if group == "":
        return f'this is a domain without a group: set group in [domains."{name}"]'
    folded = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    if near:
        return f"did you mean {folded[near[0]]!r}?"
    return f"groups are {', '.join(known)}" if known else "no domain of the settings has a group"
