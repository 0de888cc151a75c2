"""What is said when somebody asks for offers: with reasons that are true, buttons, and honest words without any."""

from datetime import timedelta
from typing import Any

import pytest

from actions.again import split
from actions.recommend import Recommend
from analytics.offers.model import Because, Offer, Reason, Recommended
from tests.actions.twins import NOW, Outcome, Shop, run, tracker


def offered(number: int, reason: Reason, **more: Any) -> Recommended:
    """An offer with its reason."""
    because = Because(reason=reason, item="T1", name_en="Glass teapot", name_zh="玻璃茶壶")
    made: dict[str, Any] = {
        "id": number,
        "code": f"o{number}",
        "title_en": f"Offer {number}",
        "title_zh": f"优惠{number}",
        "text_en": "two cups, 15% off",
        "text_zh": "两只茶杯立减 15%",
        "url": f"https://shop.example.com/{number}",
        **dict.fromkeys(("shown", "clicked", "converted"), 0),
        **{"edition": 1, "stopped_at": None, "created_at": NOW, "updated_at": NOW},
        **{"created_by": "Mira", "updated_by": "Mira"},
    }
    return Recommended(
        offer=Offer(**(made | more)),
        score=0.2,
        because=because
        if reason in (Reason.BOUGHT, Reason.SEEN, Reason.ALIKE)
        else Because(reason=reason),
        propensity=0.5,
        context=(1.0,),
        shown_id=70 + number,
    )


async def asked(
    shop: Shop, language: str = "en", text: str = "any deals?", **more: Any
) -> Outcome:
    """Ask for offers."""
    at = tracker(text, "recommend_offer", slots={"language": language}, **more)
    return await run(Recommend(shop.services()), at)


REASONS = [
    (
        Reason.BOUGHT,
        "(because you bought Glass teapot)",
        "（因为您买过玻璃茶壶）",
        "utter_recommended",
    ),
    (
        Reason.SEEN,
        "(because you looked at Glass teapot)",
        "（因为您看过玻璃茶壶）",
        "utter_recommended",
    ),
    (
        Reason.ALIKE,
        "(people who bought Glass teapot like it, too)",
        "（买过玻璃茶壶的顾客也喜欢）",
        "utter_recommended",
    ),
    (
        Reason.POPULAR,
        "(popular with our customers)",
        "（很多顾客都喜欢）",
        "utter_recommended_popular",
    ),
    (Reason.CURRENT, "15% off", "立减 15%", "utter_recommended_current"),
]


@pytest.mark.parametrize(("reason", "english", "chinese", "opening"), REASONS)
async def test_each_reason_is_said_in_words(
    reason: Reason, english: str, chinese: str, opening: str
) -> None:
    shop = Shop()
    shop.offers.found = [offered(1, reason)]
    said = await asked(shop)
    assert said.said == [opening]
    assert said.text().splitlines()[1].startswith("- Offer 1: two cups")
    assert said.text().endswith(english)
    assert (await asked(shop, "zh")).text("zh").endswith(chinese)


async def test_one_personal_reason_is_enough_to_speak_of_a_pick() -> None:
    shop = Shop()
    shop.offers.found = [offered(1, Reason.CURRENT), offered(2, Reason.BOUGHT)]
    assert (await asked(shop)).said == ["utter_recommended"]
    shop.offers.found = [offered(1, Reason.CURRENT), offered(2, Reason.POPULAR)]
    assert (await asked(shop)).said == ["utter_recommended_popular"]


async def test_a_button_for_each_tells_more_and_counts_as_a_click() -> None:
    shop = Shop()
    shop.offers.found = [offered(n, Reason.POPULAR) for n in (1, 2, 3, 4)]
    (message,) = (await asked(shop, "zh")).messages
    assert [one["title"] for one in message["buttons"]] == ["优惠1", "优惠2", "优惠3"]
    intent, entities = split(message["buttons"][1]["payload"])
    assert (intent, entities) == ("recommend_offer", {"offer": "72"})
    more = await asked(shop, text=message["buttons"][1]["payload"], entities=entities)
    assert more.text() == "Offer 2: two cups, 15% off\nhttps://shop.example.com/2"
    assert shop.offers.clicks == [72]
    assert len(shop.offers.asked) == 1


async def test_an_offer_that_is_over_is_not_told_as_if_it_were_on() -> None:
    shop = Shop()
    for over in ({"stopped_at": NOW}, {"ends_at": NOW - timedelta(hours=1)}):
        shop.offers.found = [offered(1, Reason.POPULAR, **over)]
        said = await asked(shop, text='/recommend_offer{"offer": "71"}', entities={"offer": "71"})
        assert said.said == ["utter_offer_over"]
        assert "shop.example.com" not in said.text()


@pytest.mark.parametrize("pressed", ["999", "nonsense"])
async def test_a_button_of_nothing_we_showed_is_a_new_question(pressed: str) -> None:
    shop = Shop()
    shop.offers.found = [offered(1, Reason.POPULAR)]
    said = await asked(
        shop, text=f'/recommend_offer{{"offer": "{pressed}"}}', entities={"offer": pressed}
    )
    assert said.said == ["utter_recommended_popular"]
    assert shop.offers.clicks == []


async def test_a_number_in_typed_words_presses_nothing() -> None:
    shop = Shop()
    shop.offers.found = [offered(1, Reason.POPULAR)]
    await asked(shop, text="offer 71", entities={"offer": "71"})
    assert shop.offers.clicks == []


async def test_only_who_proved_to_be_a_customer_is_one() -> None:
    shop = Shop()
    shop.offers.found = [offered(1, Reason.POPULAR)]
    await asked(shop)
    shop.commerce.known = True
    await asked(shop)
    assert shop.offers.asked == [(None, "m1:action_recommend"), ("C1", "m1:action_recommend")]


async def test_without_offers_of_its_own_the_policies_speak() -> None:
    shop = Shop()
    said = await asked(shop)
    assert said.said == ["utter_offers"]
    assert "Tea for two: A glass teapot" in said.text()
    assert "premium" not in said.text()
    shop.commerce.known = True
    assert "Members' free shipping" in (await asked(shop)).text()
    assert "双人茶礼：" in (await asked(shop, "zh")).text("zh")


async def test_with_nothing_at_all_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop()
    services = shop.services()
    bare = services.policies.rules.model_copy(update={"offers": []})
    monkeypatch.setattr(type(services.policies), "rules", property(lambda _: bare))
    said = await run(Recommend(services), tracker("any deals?", "recommend_offer"))
    assert said.said == ["utter_no_offers"]
