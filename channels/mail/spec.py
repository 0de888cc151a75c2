"""How the registry knows this channel."""

from channels.mail.adapter import MailChannel
from channels.mail.reader import NAME
from channels.mail.settings import MailSettings
from channels.spec import Spec

SPEC = Spec(name=NAME, settings=MailSettings, build=MailChannel)
