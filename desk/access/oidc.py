"""Single sign-on by OpenID Connect: the authorization code with PKCE, state and nonce; every claim is checked."""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from desk.access.policy import Role
from desk.clock import Clock
from desk.errors import ForbiddenError, RetryableError

log = structlog.get_logger()

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_KNOWN_FOR = 3_600
_RENEW_AFTER = 30
"""A key that we do not know makes us ask for the keys again, but not more often than this many seconds."""
_LEEWAY = 60
_LARGEST = 512 * 1024


class SignOnError(ForbiddenError):
    """The provider did not say who you are in a way that can be trusted."""


class ProviderAwayError(RetryableError):
    """The provider of single sign-on cannot be reached."""


@dataclass(frozen=True, kw_only=True)
class OidcSettings:
    """How to reach the provider, and who of those it knows may come in without having been invited."""

    issuer: str
    client_id: str
    client_secret: str
    name: str = "single sign-on"
    domains: frozenset[str] = frozenset()
    role: Role = Role.VIEWER


@dataclass(frozen=True, kw_only=True)
class Start:
    """One sign-in that is on its way; the browser keeps it until it comes back."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who somebody is to the provider."""

    issuer: str
    subject: str
    email: str
    name: str


class Provider:
    """Talks to the provider. What it publishes is asked for once an hour."""

    def __init__(
        self, settings: OidcSettings, clock: Clock, *, client: httpx.AsyncClient | None = None
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._client = client
        self._published: Mapping[str, Any] = {}
        self._keys: KeySet | None = None
        self._published_at = self._keys_at = float("-inf")

    def start(self) -> Start:
        """Return a sign-in that nobody can guess."""
        return Start(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
        )

    def role_of(self, email: str) -> Role | None:
        """Return the role of somebody whom nobody has invited; None if they may not come in."""
        _, _, domain = email.rpartition("@")
        return self.settings.role if domain.lower() in self.settings.domains else None

    async def address(self, start: Start, redirect_uri: str) -> str:
        """Return where to send the browser.

        Raises:
            ProviderAwayError: the provider cannot be reached.
        """
        published = await self._discovered()
        challenge = hashlib.sha256(start.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid email profile",
            "state": start.state,
            "nonce": start.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        end = str(published["authorization_endpoint"])
        return f"{end}{'&' if '?' in end else '?'}{urlencode(asked)}"

    async def person(self, start: Start, code: str, redirect_uri: str) -> Person:
        """Return who came back with a code.

        Raises:
            SignOnError: the code, the signature or a claim is not right, or the e-mail address is not verified.
            ProviderAwayError: the provider cannot be reached.
        """
        claims = await self._claims(await self._redeem(start, code, redirect_uri))
        _check(claims, self.settings, start.nonce, self._clock().timestamp())
        email = str(claims.get("email") or "").strip().lower()
        # Some providers write the word as text.
        if not email or claims.get("email_verified") not in (True, "true"):
            raise SignOnError("the provider did not verify the e-mail address")
        name = str(claims.get("name") or email.partition("@")[0])
        return Person(
            issuer=self.settings.issuer, subject=str(claims["sub"]), email=email, name=name
        )

    async def _redeem(self, start: Start, code: str, redirect_uri: str) -> str:
        published = await self._discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": start.verifier,
        }
        methods = published.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        settings, auth = self.settings, None
        if "client_secret_basic" in methods:
            auth = httpx.BasicAuth(
                *map(_form_encoded, (settings.client_id, settings.client_secret))
            )
        else:
            form |= {"client_id": settings.client_id, "client_secret": settings.client_secret}
        answer = await self._ask("POST", published["token_endpoint"], data=form, auth=auth)
        if answer.status_code != httpx.codes.OK:
            log.info("sign_on_code_refused", status=answer.status_code)
            raise SignOnError("the provider refused the code")
        token = _json(answer).get("id_token")
        if not isinstance(token, str):
            raise SignOnError("the provider sent no ID token")
        return token

    async def _claims(self, token: str) -> dict[str, Any]:
        for renew in (False, True):
            keys = await self._key_set(renew=renew)
            try:
                return jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
            except (JoseError, ValueError) as error:
                # The provider may have changed its keys since we asked.
                if renew:
                    log.info("sign_on_signature_refused", error=type(error).__name__)
                    raise SignOnError("the ID token's signature is not right") from error
        raise AssertionError

    async def _discovered(self) -> Mapping[str, Any]:
        if time.monotonic() - self._published_at > _KNOWN_FOR:
            place = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
            published = _json(await self._ask("GET", place))
            if published.get("issuer") != self.settings.issuer:
                raise SignOnError(
                    "the provider publishes another issuer than FRONTDESK_OIDC_ISSUER"
                )
            self._published, self._published_at = published, time.monotonic()
        return self._published

    async def _key_set(self, *, renew: bool) -> KeySet:
        age = time.monotonic() - self._keys_at
        if self._keys is None or age > _KNOWN_FOR or (renew and age > _RENEW_AFTER):
            published = await self._discovered()
            found = _json(await self._ask("GET", published["jwks_uri"]))
            try:
                self._keys = KeySet.import_key_set({"keys": found["keys"]})
            except (JoseError, KeyError, TypeError, ValueError) as error:
                raise SignOnError("the provider's keys are not readable") from error
            self._keys_at = time.monotonic()
        return self._keys

    async def _ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=10, follow_redirects=False)
        try:
            answer = await self._client.request(method, url, **more)
        except httpx.HTTPError as error:
            raise ProviderAwayError from error
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise ProviderAwayError
        if len(answer.content) > _LARGEST:
            raise SignOnError("the provider's answer is too large")
        return answer

    async def close(self) -> None:
        """Let go of connections."""
        if self._client is not None:
            await self._client.aclose()


def _check(claims: Mapping[str, Any], settings: OidcSettings, nonce: str, now: float) -> None:
    """Look at the claims of an ID token (OpenID Connect Core 1.0, 3.1.3.7)."""
    heard = claims.get("aud")
    audience = heard if isinstance(heard, list) else [heard]
    several = len(audience) > 1 or "azp" in claims
    checks = {
        "issuer": claims.get("iss") == settings.issuer,
        "audience": settings.client_id in audience,
        "authorised party": not several or claims.get("azp") == settings.client_id,
        "end": _is_number(claims.get("exp")) and claims["exp"] + _LEEWAY > now,
        "time": _is_number(claims.get("iat")) and claims["iat"] - _LEEWAY <= now,
        "nonce": secrets.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()),
        "subject": isinstance(claims.get("sub"), str) and 0 < len(claims["sub"]) <= 255,
    }
    wrong = [name for name, right in checks.items() if not right]
    if wrong:
        log.info("sign_on_claims_refused", wrong=wrong)
        raise SignOnError(f"the ID token has a wrong {wrong[0]}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _form_encoded(text: str) -> str:
    # RFC 6749, 2.3.1: both are form-encoded before they become user and password.
    return urlencode({"": text})[1:]


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError as error:
        raise SignOnError("the provider's answer is not readable") from error
    if not isinstance(found, dict):
        raise SignOnError("the provider's answer is not readable")
    return found
