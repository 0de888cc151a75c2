"""The image of a post: looked at before it is kept."""

from analytics.posts.checks import check_image
from analytics.posts.model import Image
from analytics.posts.places import Place
from desk.media.service import Media
from desk.media.sniff import sniff
from desk.message import Attachment


async def kept(media: Media, place: Place, name: str, content: bytes) -> Image:
    """Keep an image; what it is, its first bytes say and not its name.

    Raises:
        FaultError: the platform does not take it.
        RetryableError: the store does not answer.
    """
    kind = sniff(content)
    check_image(place.channel, kind, len(content), place.rules)
    file = Attachment(name=name, content_type=kind, content=content)
    (done,) = await media.keep_all([file])
    return Image(key=done.key or "", name=done.name, content_type=kind)
