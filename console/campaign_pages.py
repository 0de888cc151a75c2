"""What the pages of campaigns need."""

from dataclasses import dataclass

from analytics.campaigns.estimate import Estimates
from analytics.campaigns.monthly import Monthly
from analytics.campaigns.results import Results
from analytics.campaigns.service import Campaigns
from analytics.campaigns.trial import Trials
from analytics.campaigns.trying import Trying
from analytics.campaigns.watching import Watching
from analytics.segments.service import Segments


@dataclass(frozen=True, kw_only=True)
class CampaignPages:
    """Collaborators of the pages."""

    campaigns: Campaigns
    segments: Segments
    watching: Watching
    monthly: Monthly
    results: Results
    #: Without it no campaign can be written or tried.
    trying: Trying | None = None
    trials: Trials | None = None
    estimates: Estimates | None = None
