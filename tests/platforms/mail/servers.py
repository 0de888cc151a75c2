"""A real IMAP server and a real SMTP server on free ports of this machine, with a certificate of their own.

Exim takes mails and hands every one to Dovecot over LMTP, whatever their domain; so a bounce is one as Exim writes it.
Mailboxes are the local parts of addresses, see :meth:`MailServers.new_name`; their password is :data:`PASSWORD`.
Nothing here is set up for speed, secrecy or lasting: the folder goes away with the servers.
"""

import atexit
import grp
import os
import pwd
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

from tests.databases import quick_folder

PASSWORD = "correct-horse-1"
OURS = "example.com"
"""The domain for which Exim wants a login; everybody may write from others."""
APT = "apt-get install -y --no-install-recommends dovecot-imapd dovecot-lmtpd exim4-daemon-light"
_DEADLINE = 20.0
_NAMES = [f"box{number}" for number in range(1, 1000)]
"""All mailboxes, whom Dovecot reads about once: it would not see another one made within the same second."""

_DOVECOT = """
protocols = imap lmtp
base_dir = {folder}/dovecot
state_dir = {folder}/dovecot
log_path = {folder}/dovecot.log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = yes
auth_failure_delay = 0 secs
mail_location = maildir:{folder}/mail/%n
recipient_delimiter = +
auth_username_format = %Ln
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
  default_fields = uid={user} gid={group} home={folder}/mail/%n
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps}
  }}
}}
service lmtp {{
  chroot =
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""

_EXIM = """
primary_hostname = mail.example.com
spool_directory = {folder}/exim
log_file_path = {folder}/exim/log_%s
pid_file_path = {folder}/exim/pid
exim_user = {user}
exim_group = {group}
never_users =
deliver_drop_privilege = true
local_interfaces = 127.0.0.1
daemon_smtp_ports = {smtp} : {smtps}
tls_on_connect_ports = {smtps}
tls_advertise_hosts = *
tls_certificate = {folder}/cert.pem
tls_privatekey = {folder}/key.pem
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
acl_smtp_rcpt = check_rcpt
acl_smtp_data = take
keep_environment =
add_environment = PATH=/usr/bin:/bin
message_size_limit = 40M
begin acl
check_rcpt:
  deny !authenticated = *
       sender_domains = {ours}
       message = 5.7.1 log in first
  accept
take:
  accept
begin routers
all:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = lmtp
begin transports
lmtp:
  driver = smtp
  protocol = lmtp
  port = {lmtp}
  hosts_try_prdr =
  hosts_avoid_tls = *
begin retry
* * F,1h,1m
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{{password}}}}}
  server_set_id = $auth2
"""


class MissingError(RuntimeError):
    """A mail server that the tests need is not installed."""


class MailServers:
    """Dovecot and Exim, running as nobody if the tests run as root."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="frontdesk-mail-", dir=quick_folder()))
        self.certificate = self.folder / "cert.pem"
        self.smtp, self.smtps, self.imap, self.imaps, self.lmtp = free_ports(5)
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        self._unused = iter(_NAMES)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Write the configuration, start both and wait until they answer."""
        programs = {"dovecot": _program("dovecot"), "exim": _program("exim4")}
        self._write()
        self.start_imap(programs["dovecot"])
        config = str(self.folder / "exim.conf")
        self._run("exim", [programs["exim"], "-C", config, "-bdf", "-q1m"], self.smtps)

    def start_imap(self, program: str | None = None) -> None:
        """Start Dovecot; the mails of an earlier one are there."""
        config = str(self.folder / "dovecot.conf")
        self._run("dovecot", [program or _program("dovecot"), "-F", "-c", config], self.imaps)

    def stop_imap(self) -> None:
        """Stop Dovecot."""
        self._end(self._processes.pop("dovecot"))

    def stop(self) -> None:
        """Stop both and take their folder away."""
        for name in list(self._processes):
            self._end(self._processes.pop(name))
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_name(self) -> str:
        """Return the name of a mailbox that nobody has used yet."""
        return next(self._unused)

    def deliver(self, mail: bytes, *recipients: str, sender: str = "a@example.org") -> None:
        """Put a mail into mailboxes as it is."""
        with smtplib.LMTP("127.0.0.1", self.lmtp) as lmtp:
            refused = lmtp.sendmail(sender, recipients, mail)
        assert not refused, refused

    def tls(self) -> ssl.SSLContext:
        """Return a context that trusts these servers."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def server_tls(self) -> ssl.SSLContext:
        """Return a context for one more server with the same certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.folder / "key.pem")
        return context

    def log(self) -> str:
        """Return what the servers wrote down."""
        files = [self.folder / "dovecot.log", self.folder / "exim/log_main"]
        return "\n".join(path.read_text() for path in files if path.exists())

    def _write(self) -> None:
        group = grp.getgrgid(self._user.pw_gid).gr_name
        values = {
            "folder": self.folder,
            "user": self._user.pw_name,
            "group": group,
            "ours": OURS,
            "password": PASSWORD,
            **{name: getattr(self, name) for name in ("smtp", "smtps", "imap", "imaps", "lmtp")},
        }
        (self.folder / "dovecot.conf").write_text(_DOVECOT.format(**values))
        (self.folder / "exim.conf").write_text(_EXIM.format(**values))
        lines = [f"{name}:{{PLAIN}}{PASSWORD}::::::\n" for name in _NAMES]
        (self.folder / "users").write_text("".join(lines))
        for name in ("mail", "exim", "dovecot"):
            (self.folder / name).mkdir()
        _make_certificate(self.folder)
        self.folder.chmod(0o755)
        if os.geteuid() == 0:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _run(self, name: str, command: list[str], port: int) -> None:
        output = (self.folder / f"{name}.out").open("ab")
        other: dict[str, Any] = (
            {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
            if os.geteuid() == 0
            else {}
        )
        process = subprocess.Popen(
            command, stdout=output, stderr=output, start_new_session=True, **other
        )
        output.close()
        self._processes[name] = process
        deadline = time.monotonic() + _DEADLINE
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                said = (self.folder / f"{name}.out").read_text()
                raise RuntimeError(f"{name} did not start: {said}\n{self.log()}")
            time.sleep(0.02)

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        # With all that it started: a session of Dovecot's goes on after the server has ended.
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@cache
def shared() -> MailServers:
    """Return servers for this test run; they end with it."""
    servers = MailServers()
    atexit.register(servers.stop)
    servers.start()
    return servers


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise MissingError(f"{name} is not installed; run: {APT}")
    return found


def _make_certificate(folder: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    subprocess.run(command, check=True, capture_output=True)


def free_ports(count: int) -> list[int]:
    """Return ports on which nobody listens."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
