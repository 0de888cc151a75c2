"""X's side of OAuth 1.0a, by oauthlib: the signature must be that of the address that was asked for."""

from string import ascii_letters, digits

from oauthlib.oauth1 import RequestValidator, ResourceEndpoint

HOST = "https://api.twitter.com"


class Keys(RequestValidator):
    """Knows one app and one account."""

    def __init__(self, api_key: str, api_secret: str, token: str, token_secret: str) -> None:
        super().__init__()
        self._app = (api_key, api_secret)
        self._account = (token, token_secret)
        self._nonces: set[tuple[str, str]] = set()
        self._endpoint = ResourceEndpoint(self)

    safe_characters = frozenset(ascii_letters + digits + "-")
    access_token_length = (10, 100)
    nonce_length = (8, 60)
    dummy_client = "nobody"
    dummy_access_token = "nothing"

    def signed(self, method: str, path: str, headers: dict[str, str]) -> bool:
        """Return whether a request bears our signature for its original address."""
        if not headers.get("Authorization", "").startswith("OAuth "):
            return False
        valid, _ = self._endpoint.validate_protected_resource_request(
            HOST + path, http_method=method, headers=headers, realms=[]
        )
        return bool(valid)

    def validate_timestamp_and_nonce(
        self, client_key, timestamp, nonce, request, request_token=None, access_token=None
    ):
        """Refuse a request that came before."""
        is_new = (timestamp, nonce) not in self._nonces
        self._nonces.add((timestamp, nonce))
        return is_new

    def validate_client_key(self, client_key, request):
        """Return whether the app is known."""
        return client_key == self._app[0]

    def validate_access_token(self, client_key, token, request):
        """Return whether the account is known."""
        return token == self._account[0]

    def validate_realms(self, client_key, token, request, uri=None, realms=None):
        """X has no realms."""
        return True

    def get_client_secret(self, client_key, request):
        """Return the app's secret."""
        return self._app[1]

    def get_access_token_secret(self, client_key, token, request):
        """Return the account's secret."""
        return self._account[1]
