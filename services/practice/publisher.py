"""What practice tells the others: its profile and its directory, always whole."""

from __future__ import annotations

from contracts.practice import PracticeConfigured, ProviderListed
from kernel.publishing import Publisher
from services.practice.events.profile import ProfileSet
from services.practice.events.provider import ProviderEntered

PUBLISHER = Publisher("practice")


@PUBLISHER.on(ProfileSet)
def profile_set(event: ProfileSet) -> PracticeConfigured:
    """The whole profile: a consumer needs no earlier event."""
    return PracticeConfigured(profile=event.profile)


@PUBLISHER.on(ProviderEntered)
def provider_entered(event: ProviderEntered) -> ProviderListed:
    """The whole entry: a consumer needs no earlier event."""
    return ProviderListed(provider=event.provider)
