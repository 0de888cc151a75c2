"""What the pages of social posts need."""

from dataclasses import dataclass

from analytics.posts.service import Posts
from analytics.posts.week import Week


@dataclass(frozen=True, kw_only=True)
class PostServices:
    """Collaborators of the pages."""

    posts: Posts
    week: Week
